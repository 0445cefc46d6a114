"""The command that makes webhook jobs."""

from pathlib import Path
from typing import Annotated

import typer

from coterie.cli import export_options as option
from coterie.cli.job_profiles import ExistingUsers, make_export
from coterie.cli.output import AccountNumber, AsJson

HookAuthorization = Annotated[
    int, typer.Option("--authorization", help="Id of a webhook authorization.")
]


def webhook(
    label: option.Label,
    authorization: HookAuthorization,
    audience: option.Audiences = None,
    audience_events: Annotated[
        str | None,
        typer.Option(help="What is told: both, enters, exits, or none (changes of fields alone)."),
    ] = None,
    change: Annotated[
        list[str] | None,
        typer.Option(help="A field whose change of a member is told. Repeatable."),
    ] = None,
    field: Annotated[
        list[str] | None, typer.Option(help="A field that each message holds. Repeatable.")
    ] = None,
    identifier_field: Annotated[
        str | None, typer.Option(help="The field that names the person in messages.")
    ] = None,
    email_field: option.Email = None,
    existing_users: ExistingUsers = True,
    method: Annotated[str | None, typer.Option(help="POST, PUT or PATCH.")] = None,
    batch_size: Annotated[
        int | None, typer.Option(help="Messages a request; above 1 the body is a list.")
    ] = None,
    flush_seconds: Annotated[
        float | None, typer.Option(help="How long a batch that is not full waits for more.")
    ] = None,
    do_not_retry: Annotated[
        str | None,
        typer.Option(help="Statuses after which a message is parked: 400,404,413 unless said."),
    ] = None,
    cloud_events: Annotated[
        bool, typer.Option("--cloud-events", help="Bodies are CloudEvents 1.0.")
    ] = False,
    cloud_event_type: Annotated[str | None, typer.Option(help="Their type.")] = None,
    cloud_event_source: Annotated[str | None, typer.Option(help="Their source.")] = None,
    template: Annotated[
        Path | None,
        typer.Option(
            help="A file with a Liquid template of the body.", exists=True, dir_okay=False
        ),
    ] = None,
    content_type: Annotated[
        str | None, typer.Option(help="What the template makes, if that is not JSON.")
    ] = None,
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
        changes=change or [],
        fields=field or [],
        existing_users=existing_users,
        cloud_events=cloud_events,
        suppressed_by=suppress or [],
    )
    options |= option.read_identifiers(identifier_field=identifier_field, email_field=email_field)
    options.put("audience_events", audience_events)
    options.put("http_method", method)
    options.put("batch_size", batch_size)
    options.put("flush_seconds", flush_seconds)
    options.put("do_not_retry", option.read_numbers(do_not_retry))
    options.put("cloud_event_type", cloud_event_type)
    options.put("cloud_event_source", cloud_event_source)
    options.put("template", None if template is None else template.read_text(encoding="utf-8"))
    options.put("content_type", content_type)
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
