"""Commands about people's rights: being told all that is held, and being forgotten."""

import sys
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from coterie.cli.context import ACTOR, CliContext, open_context
from coterie.cli.output import AccountNumber, AsJson, print_json, print_table
from coterie.cli.profile import FieldName, NobodyError, Value
from coterie.cli.profile import app as profile_app
from coterie.control.erasures import get_erasure, list_erasures
from coterie.model.erasure import Erasure

if TYPE_CHECKING:
    from coterie.api.dependencies import PrivacyCalls

app = typer.Typer(
    name="erasure", help="Erasures: people who are, or were, forgotten.", no_args_is_help=True
)

_encode = msgspec.json.Encoder(decimal_format="number").encode


@profile_app.command("forget")
def forget(
    field: FieldName,
    value: Value,
    block: Annotated[
        bool, typer.Option("--block", help="Their identifiers may never come back.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Forget a person: delete the profile now, and all that mentions it in the background."""
    if not yes:
        typer.confirm("The person's data cannot be brought back. Forget them?", abort=True)
    with open_context() as context:
        made = _calls(context).forget(context.number(account), (field, value), block, ACTOR)
    _print([made], as_json=as_json)


@profile_app.command("export")
def export(field: FieldName, value: Value, account: AccountNumber = None) -> None:
    """Print all that is held about a person as JSON, for the person."""
    with open_context() as context:
        found = _calls(context).dossier(context.number(account), (field, value), ACTOR)
    if found is None:
        raise NobodyError(field=field)
    sys.stdout.write(msgspec.json.format(_encode(found), indent=2).decode())
    sys.stdout.write("\n")


@app.command("list")
def list_(account: AccountNumber = None, as_json: AsJson = False) -> None:
    """List erasures, newest first; whom they were about is told nowhere."""
    with open_context() as context:
        found = list_erasures(context.store, context.number(account))
    _print(found, as_json=as_json)


@app.command("show")
def show(
    number: Annotated[int, typer.Argument(help="Its number.")],
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Show how far an erasure is."""
    with open_context() as context:
        found = get_erasure(context.store, context.number(account), number)
    _print([found], as_json=as_json)


def _print(found: list[Erasure], *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    rows = [
        (one.id, one.state, one.blocks, one.events, one.refused, one.deletions, one.waiting,
         one.requested_at, one.finished_at)
        for one in found
    ]  # fmt: skip
    columns = (
        "Id", "State", "Blocked", "Events", "Refused", "Deletions", "Waiting", "Asked", "Finished",
    )  # fmt: skip
    print_table("Erasures", columns, rows, empty="Nobody asked to be forgotten.")


def _calls(context: CliContext) -> "PrivacyCalls":
    from coterie.app.erasures import privacy_calls

    return privacy_calls(context.services)
