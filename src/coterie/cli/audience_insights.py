"""Commands that tell of audiences: sizes to be and past, overlaps, the values of members."""

from typing import TYPE_CHECKING, Annotated

import typer

from coterie.base.words import counted, grouped
from coterie.cli.audience import Slug, app
from coterie.cli.context import CliContext, open_context
from coterie.cli.entries import read_text
from coterie.cli.output import AccountNumber, AsJson, compact_json, print_json, print_table, show
from coterie.model.insights import FieldInfo, FieldReport, Overlap

if TYPE_CHECKING:
    from coterie.api.dependencies import AudienceCalls

VALUES_IN_A_ROW = 5
SCANNED_AT_ONCE = 1_000


@app.command("preview")
def preview(
    filter_text: Annotated[
        str, typer.Option("--filter", help="FilterQL, @file, or @- for standard input.")
    ],
    slug: Annotated[
        str | None, typer.Option(help="The audience that it shall be, if there is one.")
    ] = None,
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Estimate whom a filter would hold, from a fair draw of profiles; save nothing."""
    text = read_text(filter_text)
    with open_context() as context:
        found = _calls(context).preview(context.number(account), text, slug)
    if as_json:
        print_json(found)
    elif found.is_exact:
        typer.echo(f"{counted(found.size, 'profile')} of {grouped(found.profiles)}: exact.")
    else:
        typer.echo(
            f"About {counted(found.size, 'profile')} of {grouped(found.profiles)}, between "
            f"{grouped(found.low)} and {grouped(found.high)} in 19 of 20 cases; "
            f"{grouped(found.asked)} were asked."
        )


@app.command("scan")
def scan(
    filter_text: Annotated[
        str, typer.Option("--filter", help="FilterQL, @file, or @- for standard input.")
    ],
    limit: Annotated[int, typer.Option(min=1, help="How many to print at most.")] = 20,
    account: AccountNumber = None,
) -> None:
    """Print those whom a filter holds, a line of JSON each; save nothing.

    It goes through all profiles until it has found as many as it shall print.
    """
    text, after, left = read_text(filter_text), "", limit
    with open_context() as context:
        seek, number = _calls(context).seek, context.number(account)
        while left:
            found = seek(number, text, after, min(left, SCANNED_AT_ONCE))
            for one in found.members:
                slugs = [slug for _, slug in one.audiences]
                typer.echo(compact_json(one.values | {"_id": one.profile_id, "segments": slugs}))
            left, after = left - len(found.members), found.after
            if not after:
                return


@app.command("sizes")
def sizes(
    slug: Slug,
    days: Annotated[int, typer.Option(min=1, max=3_660, help="How far back.")] = 31,
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Show how large an audience was, by hour for a month, by day before that, and is now."""
    with open_context() as context:
        found = _calls(context).sizes(context.number(account), slug, days)
    if as_json:
        print_json(found)
        return
    rows = [(point.at, grouped(point.size)) for point in found]
    print_table(f"Size of {slug}", ("At (UTC)", "Members"), rows, empty="Not known yet.")


@app.command("overlap")
def overlap(
    slug: Slug,
    others: Annotated[
        list[str] | None, typer.Argument(help="Other audiences; all if left out.")
    ] = None,
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Count the members that an audience shares with others; of millions, about how many."""
    with open_context() as context:
        number = context.number(account)
        found = _calls(context).overlaps(number, slug, others or ())
    if as_json:
        print_json(found)
        return
    rows = [
        (
            one.slug,
            grouped(one.size),
            grouped(one.both) if one.is_exact else _about(one),
            f"{one.of_this:.1%}",
            f"{one.of_other:.1%}",
        )
        for one in found
    ]
    columns = ("Audience", "Members", "In both", f"Of {slug}", "Of the other")
    print_table(f"Who is in {slug} too", columns, rows, empty="There is no other audience.")


def _about(one: Overlap) -> str:
    return f"about {grouped(one.both)} ({grouped(one.low)} to {grouped(one.high)})"


@app.command("fields")
def fields(
    slug: Annotated[
        str | None, typer.Argument(help="The audience; all profiles if left out.")
    ] = None,
    names: Annotated[
        list[str] | None, typer.Option("--field", help="Only this field. Repeatable.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="Values of a field.")] = 20,
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Show the values that members have, the most common ones first."""
    with open_context() as context:
        number = context.number(account)
        found = _calls(context).field_report(number, slug, names or None, limit, False)
    if as_json:
        print_json(found)
        return
    _print_report(found)


def _print_report(report: FieldReport) -> None:
    rows = [_row(info) for info in report.fields if info.present]
    said = "everybody" if report.is_exact else f"{grouped(report.asked)} of them"
    print_table(
        f"Values of {counted(report.size, 'profile')}; {said} looked at",
        ("Field", "Kind", "Have one", "Different", "From", "To", "Most common"),
        rows,
        empty="Nobody has any value.",
    )


def _row(info: FieldInfo) -> tuple[object, ...]:
    common = [f"{show(one.value)} ({one.count})" for one in info.values[:VALUES_IN_A_ROW]]
    have = f"{info.present / info.asked:.1%}"
    return info.field, info.kind, have, info.distinct, info.least, info.greatest, common or None


def _calls(context: CliContext) -> "AudienceCalls":
    from coterie.app.audiences import audience_calls

    return audience_calls(context.services)
