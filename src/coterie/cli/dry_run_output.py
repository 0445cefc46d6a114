"""Prints what an export would do."""

import typer

from coterie.base.words import counted, grouped
from coterie.cli.output import compact_json, print_json, print_record, print_table
from coterie.model.dry_run import DryRun


def print_dry_run(found: DryRun, *, as_json: bool) -> None:
    """Print the figures, who is omitted, and sample bodies; nothing was written or sent."""
    if as_json:
        print_json(found)
        return
    facts: list[tuple[str, object]] = [
        ("People in the audiences", grouped(found.members)),
        ("Users written to", grouped(found.users)),
        ("Values added", grouped(found.added)),
        ("Values removed", grouped(found.removed)),
        ("Requests", grouped(found.requests)),
        ("Minutes at the rate limit", f"{found.minutes:.1f}"),
        ("Data points", grouped(found.data_points)),
        ("People omitted", grouped(found.omitted)),
    ]
    if found.cleaned:
        facts.append(("Users from whom values are taken away", grouped(found.cleaned)))
    facts += [(f"  {reason}", grouped(count)) for reason, count in found.reasons.items()]
    print_record("Dry run: nothing was sent", facts)
    if found.is_estimate:
        typer.echo(f"Estimated from {grouped(found.seen)} people, chosen at random.")
    if found.over_limit:
        typer.echo(
            f"Warning. {counted(found.over_limit, 'user')} would hold more than "
            f"{grouped(found.array_limit)} values. Braze drops the oldest of them silently: export "
            "fewer audiences to this attribute, or use booleans."
        )
    if found.omitted_people:
        rows = [
            (", ".join(f"{each.field}={each.value}" for each in one.identifiers), one.reason)
            for one in found.omitted_people
        ]
        print_table("Some of those omitted", ("Who", "Reason"), rows, empty="")
    for body in found.samples:
        typer.echo(compact_json(body))
