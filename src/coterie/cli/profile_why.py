"""The command that says why a person is in an audience, or is not."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from coterie.cli.context import open_context
from coterie.cli.output import AccountNumber, AsJson, print_json, show
from coterie.cli.profile import FieldName, NobodyError, Value, app

if TYPE_CHECKING:
    from coterie.lang.filterql.explain import Explained
    from coterie.lang.filterql.reasons import Seen

GROUPS = {"and": "all of these", "or": "at least one of these", "not": "not"}
ANSWERS = {True: "true", False: "false", None: "cannot be told"}
BETWEEN = {
    "building": "The audience is still building, and has not come to this profile yet.",
    "draft": "The audience is a draft, which holds nobody until it is activated.",
    "expired": "The audience has expired, so it holds nobody.",
}
"""Why answer and membership differ, by the state of the audience."""
DECIDES = "*"
INDENT = "  "


@app.command("why")
def why(
    field: FieldName,
    value: Value,
    slug: Annotated[str, typer.Argument(help="The audience's slug.")],
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Say why a person is in an audience, or is not, condition by condition.

    What the answer rests on is marked with *.
    """
    from coterie.app.services import config_source
    from coterie.control.definitions.audiences import get_audience
    from coterie.flow.run.explain import Explainer

    with open_context() as context:
        number = context.number(account)
        audience = get_audience(context.store, number, slug)
        explainer = Explainer(context.store, config_source())
        found = explainer.explain(number, (field, value), audience, context.clock())
    if found is None:
        raise NobodyError(field=field)
    if as_json:
        print_json(found)
        return
    member = "outside" if found.since is None else f"a member since {show(found.since)}"
    typer.echo(f"{slug}: {ANSWERS[found.explained.answer]}; {member}.")
    if (found.explained.answer is True) != (found.since is not None):
        typer.echo(BETWEEN.get(audience.state, "The membership follows within moments."))
    for line in _lines(found.explained, INDENT):
        typer.echo(line)


def _lines(part: "Explained", indent: str) -> Iterator[str]:
    mark = DECIDES if part.decides else " "
    yield f"{indent}{mark} {ANSWERS[part.answer]}: {GROUPS.get(part.form, part.text)}"
    below = indent + INDENT + INDENT
    for each in part.seen:
        yield f"{below}{each.text} is {_value(each)}"
    if part.reason:
        yield f"{below}{part.reason}"
    if part.changes_at is not None:
        yield f"{below}{ANSWERS[part.then]} from {show(part.changes_at)}, with no new data"
    for one in part.parts:
        yield from _lines(one, indent + INDENT)


def _value(seen: "Seen") -> str:
    if seen.missing:
        return "without a value"
    more = f" and {seen.left_out} more" if seen.left_out else ""
    return f"{show(seen.value)}{more}"
