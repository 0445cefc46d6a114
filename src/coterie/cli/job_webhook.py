"""The command that makes webhook jobs."""

from typing import Annotated

import typer

from coterie.cli import export_options as option
from coterie.cli.job_profiles import ExistingUsers, make_export
from coterie.cli.output import AccountNumber, AsJson
from coterie.cli.shared_options import takes
from coterie.cli.webhook_options import NO_OPTIONS, read_webhook

HookAuthorization = Annotated[
    int, typer.Option("--authorization", help="Id of a webhook authorization.")
]


@takes(read_webhook, into="written")
def webhook(
    label: option.Label,
    authorization: HookAuthorization,
    audience: option.Audiences = None,
    audience_events: Annotated[
        str | None,
        typer.Option(help="What is told: both, enters, exits, or none (changes of fields alone)."),
    ] = None,
    identifier_field: Annotated[
        str | None, typer.Option(help="The field that names the person in messages.")
    ] = None,
    email_field: option.Email = None,
    existing_users: ExistingUsers = True,
    written: option.Choices = NO_OPTIONS,
    suppress: option.Suppressing = None,
    consent: option.ConsentField = None,
    quiet: option.Quiet = None,
    quiet_drop: option.QuietDrop = False,
    expires_at: option.Expires = None,
    description: option.Description = "",
    dry_run: option.OnlyDry = False,
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Post who enters and leaves audiences, and changes of fields, as signed messages."""
    options = option.Choices(
        kind="webhook",
        audiences=audience or [],
        existing_users=existing_users,
        suppressed_by=suppress or [],
    )
    options |= option.read_identifiers(identifier_field=identifier_field, email_field=email_field)
    options.put("audience_events", audience_events)
    options |= written
    options.put("consent", option.read_consent(consent))
    options.put("quiet", option.read_quiet(quiet, drop=quiet_drop))
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
