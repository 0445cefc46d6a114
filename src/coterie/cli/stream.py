"""Commands about streams."""

from typing import Annotated

import typer

from coterie.cli.context import ACTOR, open_context
from coterie.cli.output import AccountNumber, AsJson, print_json, print_table
from coterie.control.definitions import streams
from coterie.model.control import Stream

app = typer.Typer(
    name="stream", help="Streams: the named inputs of an account.", no_args_is_help=True
)

Name = Annotated[str, typer.Argument(help="The stream's name.")]


@app.command("create")
def create(name: Name, account: AccountNumber = None, as_json: AsJson = False) -> None:
    """Make a stream; one that exists stays as it is."""
    with open_context() as context:
        number = context.number(account)
        streams.ensure_streams(
            context.store, account=number, names=[name], actor=ACTOR, now=context.clock()
        )
        stream = streams.get_stream(context.store, number, name)
    _print([stream], as_json=as_json)


@app.command("list")
def list_(account: AccountNumber = None, as_json: AsJson = False) -> None:
    """List an account's streams."""
    with open_context() as context:
        number = context.number(account)
        found = streams.list_streams(context.store, number)
    _print(found, as_json=as_json)


@app.command("trust")
def trust(
    name: Name,
    trusted: Annotated[
        bool, typer.Option("--yes/--no", help="Whether its events may tell their own time.")
    ] = True,
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Say whether a stream's events may be older than their arrival when people are matched."""
    with open_context() as context:
        stream = streams.set_trusted(
            context.store,
            account=context.number(account),
            name=name,
            trusted=trusted,
            actor=ACTOR,
            clock=context.clock,
        )
    _print([stream], as_json=as_json)


def _print(found: list[Stream], *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    rows = [(stream.name, stream.trusted, stream.created_at) for stream in found]
    columns = ("Name", "Trusted", "Created")
    print_table("Streams", columns, rows, empty="There are no streams.")
