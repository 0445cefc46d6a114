"""Commands about access tokens."""

from typing import Annotated

import typer

from coterie.cli.context import ACTOR, open_context
from coterie.cli.output import AccountNumber, AsJson, print_json, print_record, print_table
from coterie.control import tokens
from coterie.model.control import AccessToken

app = typer.Typer(name="token", help="Access tokens for programs.", no_args_is_help=True)


@app.command("create")
def create(
    name: Annotated[str, typer.Option(help="What the token is for.")],
    scope: Annotated[
        list[str], typer.Option(help=f"What it may do: {', '.join(tokens.SCOPES)}. Repeatable.")
    ],
    account: AccountNumber = None,
    description: Annotated[str, typer.Option(help="A longer word about it.")] = "",
    expires: Annotated[str, typer.Option(help="30d, a date such as 2027-01-01, or never.")] = "90d",
    as_json: AsJson = False,
) -> None:
    """Make an access token and show it this once."""
    with open_context() as context:
        now = context.clock()
        made = tokens.create_token(
            context.store,
            account=context.number(account),
            name=name,
            description=description,
            scopes=scope,
            expires_at=tokens.read_expiry(expires, now=now),
            actor=ACTOR,
            now=now,
        )
    if as_json:
        print_json(made)
        return
    print_record("Access token", _facts(made.record))
    typer.echo("The token, shown only now:")
    typer.echo(made.token)


@app.command("list")
def list_(account: AccountNumber = None, as_json: AsJson = False) -> None:
    """List an account's tokens, revoked and expired ones too."""
    with open_context() as context:
        number = context.number(account)
        found = tokens.list_tokens(context.store, number)
    if as_json:
        print_json(found)
        return
    columns = ("Id", "Name", "Prefix", "Scopes", "Expires", "Last used", "Revoked")
    rows = [
        (
            token.id,
            token.name,
            token.prefix,
            token.scopes,
            token.expires_at or "never",
            token.last_used_at,
            token.revoked_at,
        )
        for token in found
    ]
    print_table(f"Access tokens of account {number}", columns, rows, empty="There are no tokens.")


@app.command("revoke")
def revoke(
    token_id: Annotated[int, typer.Argument(help="The token's id, as listed.")],
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Refuse a token from now on."""
    with open_context() as context:
        token = tokens.revoke_token(
            context.store,
            account=context.number(account),
            token_id=token_id,
            actor=ACTOR,
            now=context.clock(),
        )
    if as_json:
        print_json(token)
        return
    typer.echo(f"Token {token.id} ({token.name}) is refused from now on.")


def _facts(token: AccessToken) -> list[tuple[str, object]]:
    return [
        ("Id", token.id),
        ("Account", token.account),
        ("Name", token.name),
        ("Description", token.description),
        ("Scopes", token.scopes),
        ("Expires", token.expires_at or "never"),
    ]
