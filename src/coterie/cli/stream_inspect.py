"""Commands that look into a stream: raw keys, and what became nothing."""

from typing import TYPE_CHECKING, Annotated

import typer

from coterie.app.services import config_source
from coterie.cli.context import ACTOR, CliContext, open_context
from coterie.cli.entries import read_text
from coterie.cli.output import AccountNumber, AsJson, print_json, print_table
from coterie.cli.stream import app
from coterie.model.streams import KeyReport

if TYPE_CHECKING:
    from coterie.app.streams import StreamDesk

Name = Annotated[str, typer.Argument(help="The stream's name.")]
Limit = Annotated[int, typer.Option(help="Most that are shown.", min=1, max=1_000)]


@app.command("keys")
def keys(
    name: Name,
    unmapped: Annotated[bool, typer.Option(help="Only keys that no mapping reads.")] = False,
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """List the raw keys of a stream: kinds, counts, which fields read them, mappings to suggest."""
    with open_context() as context:
        number = context.number(account)
        found = _desk(context).keys(number, name)
    if unmapped:
        found = [one for one in found if one.key and not one.used_by]
    if as_json:
        print_json(found)
        return
    columns = (
        "Key",
        "Kinds",
        "Times",
        "Different",
        "First seen",
        "Last seen",
        "Fields",
        "Could be",
    )
    rows = [_row(one) for one in found]
    print_table(f"Raw keys of {name}", columns, rows, empty="Nothing is known of its keys yet.")


@app.command("map")
def map_(
    name: Name,
    key: Annotated[str, typer.Argument(help="The raw key, as `coterie stream keys` shows it.")],
    field: Annotated[str, typer.Option(help="Another field than the suggested one.")] = "",
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Publish the mapping that is suggested for a raw key."""
    with open_context() as context:
        number = context.number(account)
        version = _desk(context).map_key(number, name, key, field, ACTOR)
    if as_json:
        print_json({"schema_version": version})
    else:
        typer.echo(f"{key} is mapped by version {version} of the schema.")


@app.command("rejected")
def rejected(
    name: Name, limit: Limit = 25, account: AccountNumber = None, as_json: AsJson = False
) -> None:
    """List what became nothing in a stream, newest first, with place and reason."""
    with open_context() as context:
        number = context.number(account)
        found = _desk(context).rejected(number, name, limit)
    if as_json:
        print_json(found)
        return
    columns = ("Ref", "Received", "From", "Place", "Reason")
    rows = [(one.ref, one.received_at, one.source, one.position, one.reason) for one in found]
    print_table(f"Rejected events of {name}", columns, rows, empty="Nothing waits for a repair.")


@app.command("run-again")
def run_again(
    name: Name,
    ref: Annotated[
        str | None, typer.Argument(help="What `coterie stream rejected` shows as Ref.")
    ] = None,
    body: Annotated[
        str | None,
        typer.Option(help="The repaired body; @file reads it from a file, - from stdin."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="All that wait, up to the limit, as they came.")
    ] = False,
    limit: Limit = 1_000,
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Run a rejected event again, repaired or as it came; --all after a mapping was mended."""
    if (ref is None) is not everything:
        raise typer.BadParameter("Name one event, or give --all.")
    with open_context() as context:
        number = context.number(account)
        desk = _desk(context)
        refs = [ref] if ref is not None else [x.ref for x in desk.rejected(number, name, limit)]
        text = None if body is None else read_text(body)
        made = sum(desk.run_again(number, name, one, text, ACTOR) for one in refs)
    if as_json:
        print_json({"run": len(refs), "events": made})
    else:
        typer.echo(f"Ran {len(refs)} again, which made {made} events.")


def _desk(context: CliContext) -> "StreamDesk":
    from coterie.app.streams import StreamDesk
    from coterie.flow.run.lookup import Lookup

    return StreamDesk(context.store, Lookup(context.store, config_source()), context.clock)


def _row(report: KeyReport) -> tuple[object, ...]:
    kinds = sorted(report.kinds.items(), key=lambda item: -item[1])
    about = "" if report.is_exact else "about "
    suggestion = report.suggestion
    return (
        report.key or "(events)",
        ", ".join(kind for kind, _ in kinds),
        f"{'about ' if report.is_sampled else ''}{report.times}",
        f"{about}{report.uniques}" if report.key else "",
        report.first_seen,
        report.last_seen,
        ", ".join(report.used_by),
        "" if suggestion is None else f"{suggestion.expr} AS {suggestion.field}",
    )
