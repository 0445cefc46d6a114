"""Prints audiences."""

from collections.abc import Sequence

import typer

from coterie.cli.output import print_json, print_record, print_table
from coterie.model.control import Audience


def print_audience(audience: Audience, *, as_json: bool) -> None:
    """Print all there is to say of one audience; as JSON a list, as `print_audiences` does."""
    if as_json:
        print_json([audience])
        return
    facts: list[tuple[str, object]] = [
        ("Name", audience.name),
        ("Description", audience.description or None),
        ("Filter", audience.filter_text),
        ("State", _state(audience)),
        ("Size", audience.size),
        ("Version", audience.version),
        ("Changed", audience.updated_at),
        ("Holds nobody from", audience.expires_at or "never"),
        ("Tags", audience.tags or None),
        ("Public", audience.is_public),
    ]
    print_record(f"Audience {audience.slug}", facts)
    _print_faults([audience])


def print_audiences(found: Sequence[Audience], *, as_json: bool) -> None:
    """Print audiences as a table or as JSON."""
    if as_json:
        print_json(found)
        return
    columns = ("Slug", "Name", "State", "Size", "Version", "Filter", "Tags")
    rows = [
        (
            one.slug,
            one.name,
            _state(one),
            one.size,
            one.version,
            one.filter_text,
            one.tags or None,
        )
        for one in found
    ]
    print_table("Audiences", columns, rows, empty="There are no audiences.")
    _print_faults(found)


def _print_faults(found: Sequence[Audience]) -> None:
    for one in found:
        if one.fault is not None:
            typer.echo(f"{one.slug} is set aside. {one.fault}", err=True)


def _state(audience: Audience) -> str:
    if audience.fault is not None:
        return "failed"
    if audience.state != "building" or not audience.build_total:
        return audience.state
    return f"building {100 * audience.build_done // audience.build_total} %"
