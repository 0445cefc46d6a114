"""Commands that send people's events on to Braze: as custom events, or as purchases."""

from typing import Annotated, Any

import typer

from coterie.cli import export_options as option
from coterie.cli.feed_options import NO_OPTIONS, EventName, read_feed, read_purchase
from coterie.cli.job_profiles import AuthorizationId, make_export
from coterie.cli.output import AccountNumber, AsJson
from coterie.cli.shared_options import takes

MembersOf = Annotated[
    list[str] | None,
    typer.Option(
        "--audience", help="Only events of members of this audience are sent. Repeatable."
    ),
]


@takes(option.read_identifiers, into="identifiers")
@takes(read_feed, into="chosen")
def export_events(
    label: option.Label,
    authorization: AuthorizationId,
    chosen: option.Choices = NO_OPTIONS,
    event_name: EventName = None,
    audience: MembersOf = None,
    identifiers: option.Identifiers = option.NO_IDENTIFIERS,
    identifier_order: option.Order = None,
    suppress: option.Suppressing = None,
    consent: option.ConsentField = None,
    quiet: option.Quiet = None,
    quiet_drop: option.QuietDrop = False,
    existing_only: option.ExistingOnly = None,
    delete_forgotten: option.DeleteForgotten = None,
    expires_at: option.Expires = None,
    description: option.Description = "",
    dry_run: option.OnlyDry = False,
    days: option.Days = 7,
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Send events that arrive from now on to Braze, as custom events of their people."""
    options = _options("export_events", audience, suppress)
    options |= chosen
    options |= identifiers
    options.put("event_name", event_name)
    options.put("identifier_order", option.read_words(identifier_order))
    options.put("consent", option.read_consent(consent))
    options.put("quiet", option.read_quiet(quiet, drop=quiet_drop))
    options.put("existing_only", existing_only)
    options.put("delete_forgotten", delete_forgotten)
    options.put("expires_at", expires_at)
    make_export(
        options,
        label=label,
        description=description,
        authorization=authorization,
        dry_run=dry_run,
        days=days,
        account=account,
        as_json=as_json,
    )


@takes(option.read_identifiers, into="identifiers")
@takes(read_feed, into="chosen")
@takes(read_purchase, into="parts")
def export_purchases(
    label: option.Label,
    authorization: AuthorizationId,
    chosen: option.Choices = NO_OPTIONS,
    parts: option.Choices = NO_OPTIONS,
    audience: MembersOf = None,
    identifiers: option.Identifiers = option.NO_IDENTIFIERS,
    identifier_order: option.Order = None,
    suppress: option.Suppressing = None,
    consent: option.ConsentField = None,
    quiet: option.Quiet = None,
    quiet_drop: option.QuietDrop = False,
    existing_only: option.ExistingOnly = None,
    delete_forgotten: option.DeleteForgotten = None,
    expires_at: option.Expires = None,
    description: option.Description = "",
    dry_run: option.OnlyDry = False,
    days: option.Days = 7,
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Send events that arrive from now on to Braze, as purchases of their people."""
    options = _options("export_purchases", audience, suppress)
    options |= chosen
    options |= parts
    options |= identifiers
    options.put("identifier_order", option.read_words(identifier_order))
    options.put("consent", option.read_consent(consent))
    options.put("quiet", option.read_quiet(quiet, drop=quiet_drop))
    options.put("existing_only", existing_only)
    options.put("delete_forgotten", delete_forgotten)
    options.put("expires_at", expires_at)
    make_export(
        options,
        label=label,
        description=description,
        authorization=authorization,
        dry_run=dry_run,
        days=days,
        account=account,
        as_json=as_json,
    )


def _options(kind: str, audiences: list[str] | None, suppress: list[str] | None) -> option.Choices:
    found: dict[str, Any] = {
        "kind": kind,
        "audiences": audiences or [],
        "suppressed_by": suppress or [],
    }
    return option.Choices(found)
