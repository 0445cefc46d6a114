"""Commands about accounts."""

from typing import Annotated

import typer

from coterie.cli.context import ACTOR, open_context
from coterie.cli.output import AsJson, print_json, print_table
from coterie.control import accounts
from coterie.model.control import Account

app = typer.Typer(name="account", help="Accounts: each a world of its own.", no_args_is_help=True)

Number = Annotated[int, typer.Argument(help="The account's number.")]


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="Name of the account.")],
    number: Annotated[
        int | None, typer.Option(help="Its number; a free one is drawn if left out.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make an account with its default streams and schema."""
    with open_context() as context:
        account = accounts.create_account(
            context.store,
            name=name,
            number=number,
            phone_region=context.settings.phone_region,
            actor=ACTOR,
            clock=context.clock,
        )
    _print([account], as_json=as_json)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List all accounts."""
    with open_context() as context:
        found = accounts.list_accounts(context.store)
    _print(found, as_json=as_json)


@app.command("show")
def show(number: Number, as_json: AsJson = False) -> None:
    """Show one account."""
    with open_context() as context:
        account = accounts.get_account(context.store, number)
    _print([account], as_json=as_json)


def _print(found: list[Account], *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    rows = [(account.number, account.name, account.created_at) for account in found]
    empty = "There is no account yet. Make one with `coterie account create NAME`."
    print_table("Accounts", ("Number", "Name", "Created"), rows, empty=empty)
