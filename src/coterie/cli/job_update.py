"""The command that changes an export while it goes on."""

from typing import Annotated, Any

import msgspec
import typer

from coterie.cli.attribute_options import read_attributes, read_groups
from coterie.cli.choices import Choices, empty_if_none
from coterie.cli.context import ACTOR, open_context
from coterie.cli.dry_run_output import print_dry_run
from coterie.cli.entries import BadEntryError, read_entries
from coterie.cli.export_options import (
    Events,
    NewNames,
    OnlyDry,
    Prefix,
    Suppressing,
    complete_quiet,
    read_identifiers,
    read_rules,
)
from coterie.cli.feed_options import EventName, read_feed, read_purchase
from coterie.cli.job_options import JobId, NewDescription, NewLabel
from coterie.cli.job_output import print_jobs
from coterie.cli.output import AccountNumber, AsJson
from coterie.cli.shared_options import takes
from coterie.cli.webhook_options import read_webhook
from coterie.control import jobs
from coterie.model.control import Job
from coterie.model.exports import ExportAudienceConfig, ExportConfig
from coterie.model.webhooks import WebhookConfig


@takes(read_identifiers, into="identifiers")
@takes(read_webhook, into="webhook")
@takes(read_feed, into="chosen")
@takes(read_purchase, into="parts")
@takes(read_rules, into="rules")
def update(
    *,
    job_id: JobId,
    label: NewLabel = None,
    add_audience: Annotated[
        list[str] | None, typer.Option(help="Slug of an audience to export too. Repeatable.")
    ] = None,
    remove_audience: Annotated[
        list[str] | None, typer.Option(help="Slug of an audience to export no more. Repeatable.")
    ] = None,
    clean_up: Annotated[
        bool,
        typer.Option(
            "--clean-up", help="Take away what was written of removed audiences, or of old names."
        ),
    ] = False,
    identifiers: Choices,
    existing_users: Annotated[
        bool, typer.Option("--existing-users", help="Send the present members after all.")
    ] = False,
    attribute: Annotated[
        list[str] | None,
        typer.Option(help="Of a profile export: all its fields anew, as when it was made."),
    ] = None,
    group: Annotated[
        list[str] | None,
        typer.Option(help="Of a subscription export: all its groups anew, as when it was made."),
    ] = None,
    on_leaving: Annotated[
        str | None,
        typer.Option(help="Of a profile export: keep or delete the attributes of who leaves."),
    ] = None,
    webhook: Choices,
    chosen: Choices,
    event_name: EventName = None,
    parts: Choices,
    value_prefix: Prefix = None,
    name: NewNames = None,
    audience_events: Events = None,
    suppress: Suppressing = None,
    unsuppress: Annotated[
        list[str] | None, typer.Option(help="Slug of an audience to suppress by no more.")
    ] = None,
    rules: Choices,
    description: NewDescription = None,
    dry_run: OnlyDry = False,
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Change an export while it goes on.

    What is left out stays as it is; none takes a field, list, text, consent, quiet window or expiry
    away. Lists of fields, changes, streams, events and properties are given anew as a whole.
    """
    options = Choices(**identifiers, **webhook, **chosen, **parts, **rules)
    options.put("event_name", empty_if_none(event_name))
    options.put("on_leaving", on_leaving)
    options.put("value_prefix", empty_if_none(value_prefix))
    options.put("audience_events", audience_events)
    options.put("existing_users", True if existing_users else None)
    if attribute:
        options["attributes"], options["types"] = read_attributes(attribute)
    if group:
        options["groups"] = read_groups(group)
    with open_context() as context:
        number = context.number(account)
        before = jobs.get_job(context.store, number, job_id)
        complete_quiet(options, _quiet(before))
        options |= _edited(before, "audiences", add_audience, remove_audience)
        options |= _edited(before, "suppressed_by", suppress, unsuppress)
        options |= _renamed(before, name, options)
        if dry_run:
            found = context.dry_runs.of_change(
                account=number, job_id=job_id, options=options, clean_up=clean_up
            )
            print_dry_run(found, as_json=as_json)
            return
        job = jobs.update_export(
            context.store,
            account=number,
            job_id=job_id,
            label=label,
            description=description,
            options=options,
            clean_up=clean_up,
            actor=ACTOR,
            clock=context.clock,
        )
    print_jobs([job], as_json=as_json)
    if not as_json and isinstance(job.config, ExportConfig):
        typer.echo(jobs.say_waiting(job.config))


def _edited(
    job: Job, option_name: str, added: list[str] | None, removed: list[str] | None
) -> dict[str, Any]:
    if not added and not removed:
        return {}
    present: tuple[str, ...] = getattr(job.config, option_name, ())
    missing = [slug for slug in removed or [] if slug not in present]
    if missing:
        raise BadEntryError(
            message=f"Job {job.id} has no {missing[0]!r} to remove. `coterie job show {job.id}` "
            "shows its options."
        )
    kept = [slug for slug in present if slug not in (removed or [])]
    return {option_name: [*kept, *(added or [])]}


def _renamed(job: Job, names: list[str] | None, options: dict[str, Any]) -> dict[str, Any]:
    if isinstance(job.config, WebhookConfig):
        return {"names": job.config.names | read_entries(names)} if names else {}
    if not isinstance(job.config, ExportAudienceConfig):
        return {"names": read_entries(names)} if names else {}
    known = {**job.config.names, **read_entries(names or [])}
    audiences = options.get("audiences", getattr(job.config, "audiences", ()))
    return {"names": {slug: value for slug, value in known.items() if slug in audiences}}


def _quiet(job: Job) -> dict[str, Any] | None:
    window = getattr(job.config, "quiet", None)
    return None if window is None else msgspec.to_builtins(window)
