"""Commands about the life of audiences: activated, built again, ended; audiences to start with."""

from datetime import UTC, datetime
from functools import partial
from typing import Annotated

import typer

from coterie.cli.audience import Slug, app, change
from coterie.cli.context import ACTOR, open_context
from coterie.cli.entries import BadEntryError
from coterie.cli.output import AccountNumber, AsJson, print_json, print_table

starters = typer.Typer(
    name="starter", help="Audiences to start with, to be edited.", no_args_is_help=True
)
app.add_typer(starters)


@app.command("activate")
def activate(slug: Slug, account: AccountNumber = None, as_json: AsJson = False) -> None:
    """Let a draft find its members, or an expired audience whose end was taken off."""
    from coterie.control.definitions import audience_life

    change(audience_life.activate_audience, slug, account, as_json=as_json)


@app.command("rebuild")
def rebuild(slug: Slug, account: AccountNumber = None, as_json: AsJson = False) -> None:
    """Ask every profile again about an audience; only differences are sent."""
    from coterie.control.definitions import audience_life

    change(audience_life.build_again, slug, account, as_json=as_json)


@app.command("expire")
def expire(
    slug: Slug,
    at: Annotated[
        str | None, typer.Option(help="From when on it holds nobody, such as 2027-01-31T00:00Z.")
    ] = None,
    never: Annotated[bool, typer.Option("--never", help="Take the end off.")] = False,
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Say until when an audience holds anybody; one that expired is built again by a later end."""
    from coterie.control.definitions import audience_life

    if (at is None) is not never:
        raise BadEntryError(message="Say when: give --at or --never.")
    set_end = partial(audience_life.set_expiry, expires_at=None if at is None else read_instant(at))
    change(set_end, slug, account, as_json=as_json)


@starters.command("list")
def list_starters(as_json: AsJson = False) -> None:
    """List the audiences to start with."""
    from coterie.control.definitions import starter

    found = starter.list_starters()
    if as_json:
        print_json(found)
        return
    rows = [(one.slug, one.name, one.filter_text) for one in found]
    print_table("Audiences to start with", ("Slug", "Name", "Filter"), rows, empty="None.")


@starters.command("install")
def install(
    slugs: Annotated[
        list[str] | None, typer.Argument(help="Their slugs; all of them if left out.")
    ] = None,
    activate: Annotated[
        bool, typer.Option("--activate", help="Build them at once instead of leaving drafts.")
    ] = False,
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Make audiences of the starter set, as drafts; those that exist stay as they are."""
    from coterie.control.definitions import starter

    with open_context() as context:
        found = starter.install_starters(
            context.store,
            account=context.number(account),
            slugs=slugs or None,
            is_draft=not activate,
            actor=ACTOR,
            clock=context.clock,
        )
    if as_json:
        print_json(found)
        return
    typer.echo(f"Made {len(found.made)}; {len(found.kept)} were there already.")


def read_instant(text: str) -> datetime:
    """Return the instant that a word means; without a time zone it is UTC. Raises BadEntryError."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadEntryError(
            message=f"{text!r} is no instant. Write it like 2027-01-31T00:00:00Z."
        ) from error
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
