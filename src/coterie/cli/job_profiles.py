"""Commands that export what is known of people: attributes and subscription groups."""

from typing import Annotated, Any

import typer

from coterie.app.dry_runs import DryRuns
from coterie.cli import export_options as option
from coterie.cli.context import ACTOR, open_context
from coterie.cli.dry_run_output import print_dry_run
from coterie.cli.entries import BadEntryError, read_entries
from coterie.cli.job_output import print_jobs, which_account
from coterie.cli.output import AccountNumber, AsJson
from coterie.cli.shared_options import takes
from coterie.control import jobs

AuthorizationId = Annotated[int, typer.Option(help="Id of a Braze authorization.")]
ExistingUsers = Annotated[
    bool, typer.Option(help="Send the present members first, or only who enters from now on.")
]


@takes(option.read_identifiers, into="identifiers")
def export_profiles(
    label: option.Label,
    authorization: AuthorizationId,
    attribute: Annotated[
        list[str],
        typer.Option(
            help="field, or name=field, or name=field:type: a field as an attribute of Braze. "
            "Dots in a name make a nested attribute. Types are string, integer, number, boolean, "
            "time, array and object. Repeatable."
        ),
    ],
    audience: option.Audiences = None,
    identifiers: option.Identifiers = option.NO_IDENTIFIERS,
    identifier_order: option.Order = None,
    existing_users: ExistingUsers = True,
    on_leaving: Annotated[
        str, typer.Option(help="keep or delete the attributes of who leaves the audiences.")
    ] = "keep",
    suppress: option.Suppressing = None,
    consent: option.ConsentField = None,
    quiet: option.Quiet = None,
    existing_only: option.ExistingOnly = None,
    delete_forgotten: option.DeleteForgotten = None,
    expires_at: option.Expires = None,
    clean_up_at_expiry: option.ExpiryCleanUp = None,
    description: option.Description = "",
    dry_run: option.OnlyDry = False,
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Keep fields of the members of audiences current as attributes of Braze users."""
    attributes, types = read_attributes(attribute)
    options = option.Choices(
        kind="export_profiles",
        audiences=audience or [],
        attributes=attributes,
        types=types,
        existing_users=existing_users,
        on_leaving=on_leaving,
        suppressed_by=suppress or [],
    )
    options |= identifiers
    options.put("identifier_order", option.read_words(identifier_order))
    options.put("consent", option.read_consent(consent))
    options.put("quiet", option.read_quiet(quiet, drop=False))
    options.put("existing_only", existing_only)
    options.put("delete_forgotten", delete_forgotten)
    options.put("expires_at", expires_at)
    options.put("clean_up_at_expiry", clean_up_at_expiry)
    make_export(
        options,
        label=label,
        description=description,
        authorization=authorization,
        dry_run=dry_run,
        account=account,
        as_json=as_json,
    )


@takes(option.read_identifiers, into="identifiers")
def export_subscriptions(
    label: option.Label,
    authorization: AuthorizationId,
    group: Annotated[
        list[str],
        typer.Option(
            help="id=field:yes,true or id=field:yes,true:no,false: which values of a field "
            "subscribe to a subscription group, and which unsubscribe (all others unless said). "
            "Repeatable."
        ),
    ],
    audience: option.Audiences = None,
    identifiers: option.Identifiers = option.NO_IDENTIFIERS,
    existing_users: ExistingUsers = True,
    suppress: option.Suppressing = None,
    quiet: option.Quiet = None,
    existing_only: option.ExistingOnly = None,
    delete_forgotten: option.DeleteForgotten = None,
    expires_at: option.Expires = None,
    description: option.Description = "",
    dry_run: option.OnlyDry = False,
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Keep consents of the members of audiences current as Braze subscription groups."""
    options = option.Choices(
        kind="export_subscriptions",
        audiences=audience or [],
        groups=read_groups(group),
        existing_users=existing_users,
        suppressed_by=suppress or [],
    )
    options |= identifiers
    options.put("quiet", option.read_quiet(quiet, drop=False))
    options.put("existing_only", existing_only)
    options.put("delete_forgotten", delete_forgotten)
    options.put("expires_at", expires_at)
    make_export(
        options,
        label=label,
        description=description,
        authorization=authorization,
        dry_run=dry_run,
        account=account,
        as_json=as_json,
    )


def make_export(
    options: dict[str, Any],
    *,
    label: str,
    description: str,
    authorization: int,
    dry_run: bool,
    days: int = 7,
    account: int | None,
    as_json: bool,
) -> None:
    """Make an export and print it, or print what it would do."""
    with open_context() as context:
        number = which_account(context, account)
        if dry_run:
            runs = DryRuns(context.store, context.clock)
            found = runs.of_new(
                account=number, authorization_id=authorization, config=options, days=days
            )
            print_dry_run(found, as_json=as_json)
            return
        job = jobs.create_export(
            context.store,
            account=number,
            label=label,
            description=description,
            authorization_id=authorization,
            config=options,
            actor=ACTOR,
            clock=context.clock,
        )
    print_jobs([job], as_json=as_json)


def read_attributes(entries: list[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return field by name in Braze, and the types that were given."""
    attributes: dict[str, str] = {}
    types: dict[str, str] = {}
    for entry in entries:
        name, equals, rest = entry.partition("=")
        field, _, kind = (rest if equals else name).partition(":")
        name = (name if equals else field).strip()
        attributes[name] = field.strip()
        if kind:
            types[name] = kind.strip()
    return attributes, types


def read_groups(entries: list[str]) -> dict[str, dict[str, Any]]:
    """Return the rule of each subscription group; raise BadEntryError."""
    groups: dict[str, dict[str, Any]] = {}
    for group, text in read_entries(entries).items():
        field, _, values = text.partition(":")
        yes, _, no = values.partition(":")
        if not field or not yes:
            raise BadEntryError(
                message=f"{text!r} does not say what subscribes. Write id=field:yes,true."
            )
        groups[group] = {
            "field": field.strip(),
            "yes": option.read_words(yes),
            "no": option.read_words(no),
        }
    return groups
