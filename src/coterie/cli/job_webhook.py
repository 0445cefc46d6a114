"""The command that makes webhook jobs."""

from typing import Annotated

import typer

from coterie.cli.choices import Choices
from coterie.cli.entries import read_entries
from coterie.cli.export_options import (
    Audiences,
    Email,
    ExistingUsers,
    Suppressing,
    read_identifiers,
    read_rules,
)
from coterie.cli.job_options import Label
from coterie.cli.new_export import Asked, make_export, read_asked
from coterie.cli.shared_options import takes
from coterie.cli.webhook_options import FieldNames, read_webhook

HookAuthorization = Annotated[
    int, typer.Option("--authorization", help="Id of a webhook authorization.")
]


@takes(read_webhook, into="written")
@takes(read_rules, into="rules", but=["existing_only", "delete_forgotten", "clean_up_at_expiry"])
@takes(read_asked, into="asked", but=["days"])
def webhook(
    *,
    label: Label,
    authorization: HookAuthorization,
    audience: Audiences = None,
    audience_events: Annotated[
        str | None,
        typer.Option(help="What is told: both, enters, exits, or none (changes of fields alone)."),
    ] = None,
    identifier_field: Annotated[
        str | None, typer.Option(help="The field that names the person in messages.")
    ] = None,
    email_field: Email = None,
    existing_users: ExistingUsers = True,
    written: Choices,
    name: FieldNames = None,
    suppress: Suppressing = None,
    rules: Choices,
    asked: Asked,
) -> None:
    """Post who enters and leaves audiences, and changes of fields, as signed messages."""
    options = Choices(
        kind="webhook",
        audiences=audience or [],
        existing_users=existing_users,
        names=read_entries(name or []),
        suppressed_by=suppress or [],
        **read_identifiers(identifier_field=identifier_field, email_field=email_field),
        **written,
        **rules,
    )
    options.put("audience_events", audience_events)
    make_export(options, asked, label=label, authorization=authorization)
