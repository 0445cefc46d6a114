"""Commands about authorizations of outside systems."""

from typing import Annotated

import typer

from coterie.cli.context import ACTOR, CliContext, open_context
from coterie.cli.entries import read_entries
from coterie.cli.output import AccountNumber, AsJson, print_json, print_record, print_table
from coterie.control import authorizations
from coterie.control.authorizations import Probe
from coterie.control.probes import choose_probe
from coterie.control.providers import PROVIDERS
from coterie.model.control import Authorization

app = typer.Typer(
    name="authorization", help="Access to outside systems such as Braze.", no_args_is_help=True
)

AuthorizationId = Annotated[int, typer.Argument(help="The authorization's id, as listed.")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", help="name=value, or name=@file (a secret is safer there). Repeatable."),
]
Unset = Annotated[
    list[str] | None,
    typer.Option(
        "--unset", help="An option to take away, such as old_secret of a webhook. Repeatable."
    ),
]
Untested = Annotated[bool, typer.Option("--untested", help="Save without trying it first.")]


@app.command("providers")
def providers(as_json: AsJson = False) -> None:
    """List what can be authorized, with its options."""
    if as_json:
        print_json(list(PROVIDERS.values()))
        return
    rows = [
        (provider.slug, method.slug, field.name, field.required, field.help or field.label)
        for provider in PROVIDERS.values()
        for method in provider.methods
        for field in method.fields
    ]
    columns = ("Provider", "Method", "Option", "Required", "Meaning")
    print_table("Providers", columns, rows, empty="There are no providers.")


@app.command("create")
def create(
    provider: Annotated[str, typer.Argument(help=f"One of {', '.join(PROVIDERS)}.")],
    label: Annotated[str, typer.Option(help="How lists call it.")],
    settings: Settings = None,
    method: Annotated[str, typer.Option(help="Needed if the provider has several.")] = "",
    description: Annotated[str, typer.Option(help="A longer word about it.")] = "",
    account: AccountNumber = None,
    untested: Untested = False,
    as_json: AsJson = False,
) -> None:
    """Try an authorization and save it sealed."""
    with open_context() as context:
        made = authorizations.create_authorization(
            context.store,
            context.ring,
            account=context.number(account),
            provider=provider,
            method=method or _only_method(provider),
            label=label,
            description=description,
            config=read_entries(settings or []),
            actor=ACTOR,
            now=context.clock(),
            probe=None if untested else _probe(context, provider),
        )
    _show(made, as_json=as_json)


@app.command("update")
def update(
    authorization_id: AuthorizationId,
    label: Annotated[str | None, typer.Option(help="Its new label.")] = None,
    description: Annotated[str | None, typer.Option(help="Its new description.")] = None,
    settings: Settings = None,
    unset: Unset = None,
    account: AccountNumber = None,
    untested: Untested = False,
    as_json: AsJson = False,
) -> None:
    """Change an authorization; what is not given stays.

    A signing secret of a webhook that is replaced signs on beside the new one until
    `--unset old_secret`.
    """
    with open_context() as context:
        number = context.number(account)
        before = authorizations.get_authorization(context.store, number, authorization_id)
        after = authorizations.update_authorization(
            context.store,
            context.ring,
            account=number,
            authorization_id=authorization_id,
            label=label,
            description=description,
            config=read_entries(settings) if settings else None,
            without=unset or (),
            actor=ACTOR,
            now=context.clock(),
            probe=None if untested else _probe(context, before.provider),
        )
    _show(after, as_json=as_json)


@app.command("list")
def list_(account: AccountNumber = None, as_json: AsJson = False) -> None:
    """List an account's authorizations, without secrets."""
    with open_context() as context:
        found = authorizations.list_authorizations(context.store, context.number(account))
    _print(found, as_json=as_json)


@app.command("show")
def show(
    authorization_id: AuthorizationId, account: AccountNumber = None, as_json: AsJson = False
) -> None:
    """Show one authorization, without secrets."""
    with open_context() as context:
        number = context.number(account)
        found = authorizations.get_authorization(context.store, number, authorization_id)
    _show(found, as_json=as_json)


@app.command("test")
def try_(
    authorization_id: AuthorizationId, account: AccountNumber = None, as_json: AsJson = False
) -> None:
    """Try an authorization; exit code 1 if it is refused."""
    with open_context() as context:
        number = context.number(account)
        found = authorizations.get_authorization(context.store, number, authorization_id)
        probe = _probe(context, found.provider)
        if probe is None:
            typer.echo(f"Authorizations for {found.provider} are tried by their jobs.", err=True)
            raise typer.Exit(2)
        found = authorizations.test_authorization(
            context.store,
            context.ring,
            account=number,
            authorization_id=authorization_id,
            probe=probe,
            now=context.clock(),
        )
    _show(found, as_json=as_json)
    if found.health != "healthy":
        raise typer.Exit(1)


@app.command("sftp-host-key")
def sftp_host_key() -> None:
    """Print the public key that clients know Coterie's own SFTP server by."""
    from coterie.app.sftp import public_host_key

    with open_context() as context:
        typer.echo(public_host_key(context.settings))


@app.command("delete")
def delete(authorization_id: AuthorizationId, account: AccountNumber = None) -> None:
    """Forget an authorization and its secrets."""
    with open_context() as context:
        authorizations.delete_authorization(
            context.store,
            account=context.number(account),
            authorization_id=authorization_id,
            actor=ACTOR,
            now=context.clock(),
        )
    typer.echo(f"Authorization {authorization_id} and its secrets are gone.")


def _only_method(provider: str) -> str:
    known = PROVIDERS.get(provider)
    return known.methods[0].slug if known and len(known.methods) == 1 else ""


def _probe(context: CliContext, provider: str) -> Probe | None:
    return choose_probe(provider, context.settings)


def _show(found: Authorization, *, as_json: bool) -> None:
    if as_json:
        print_json([found])
        return
    facts = {name: getattr(found, name) for name in found.__struct_fields__}
    print_record(f"Authorization {found.id}", facts.items())


def _print(found: list[Authorization], *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    columns = ("Id", "Provider", "Label", "Settings", "Health", "Detail", "Checked", "Jobs")
    rows = [
        (
            one.id,
            one.provider,
            one.label,
            one.public_config,
            one.health,
            f"{one.health_detail} {one.caution}".strip(),
            one.checked_at,
            one.jobs_in_use,
        )
        for one in found
    ]
    print_table("Authorizations", columns, rows, empty="There are no authorizations.")
