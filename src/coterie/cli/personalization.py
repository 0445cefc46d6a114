"""Commands about what is public of an account's people."""

from typing import Annotated

import typer

from coterie.cli.context import ACTOR, open_context
from coterie.cli.output import AccountNumber, AsJson, print_json, print_record
from coterie.control import personalization
from coterie.model.control import Personalization

app = typer.Typer(
    name="personalization",
    help="What web pages may be told of their visitor without a token.",
    no_args_is_help=True,
)


@app.command("allow")
def allow(
    by: Annotated[
        list[str], typer.Option(help="An identifying field people are looked up by. Repeatable.")
    ],
    field: Annotated[
        list[str] | None, typer.Option(help="A field that is public. Repeatable.")
    ] = None,
    audience: Annotated[
        list[str] | None, typer.Option(help="An audience that is public. Repeatable.")
    ] = None,
    origin: Annotated[
        list[str] | None,
        typer.Option(help="A web site whose pages may ask, such as https://www.example.org, or *."),
    ] = None,
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Make fields and audiences public, in place of those that are; anybody can ask for them."""
    with open_context() as context:
        made = personalization.allow_personalization(
            context.store,
            account=context.number(account),
            allowed=personalization.Allowed(
                fields=field or (), audiences=audience or (), by_fields=by, origins=origin or ()
            ),
            actor=ACTOR,
            now=context.clock(),
        )
    _print(made, as_json=as_json)


@app.command("show")
def show(account: AccountNumber = None, as_json: AsJson = False) -> None:
    """Show what is public."""
    with open_context() as context:
        number = context.number(account)
        found = personalization.find_personalization(context.store, number)
    _print(found, as_json=as_json)


@app.command("stop")
def stop(account: AccountNumber = None) -> None:
    """Make nothing public from now on."""
    with open_context() as context:
        number = context.number(account)
        was = personalization.stop_personalization(
            context.store, account=number, actor=ACTOR, now=context.clock()
        )
    typer.echo("Nothing is public any more." if was else "Nothing was public.")


def _print(found: Personalization | None, *, as_json: bool) -> None:
    if as_json:
        print_json(found)
    elif found is None:
        typer.echo("Nothing is public.")
    else:
        facts = [
            ("Looked up by", found.by_fields),
            ("Fields", found.fields),
            ("Audiences", found.audiences),
            ("Web sites", found.origins),
        ]
        print_record(f"Public of account {found.account}", facts)
