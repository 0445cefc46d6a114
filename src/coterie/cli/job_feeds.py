"""Commands that send people's events on to Braze: as custom events, or as purchases."""

from typing import Annotated, Any

import typer

from coterie.cli import export_options as option
from coterie.cli.entries import read_entries
from coterie.cli.job_profiles import AuthorizationId, make_export
from coterie.cli.output import AccountNumber, AsJson
from coterie.cli.shared_options import takes

Streams = Annotated[
    list[str] | None,
    typer.Option("--stream", help="Only events of this stream are sent. Repeatable."),
]
EventNames = Annotated[
    list[str] | None,
    typer.Option("--event", help="Only events of this name are sent. Repeatable."),
]
Properties = Annotated[
    list[str] | None,
    typer.Option(
        "--property",
        help="key, or name=key: a key of the event as a property in Braze; dots reach into "
        "objects. Repeatable.",
    ),
]
MembersOf = Annotated[
    list[str] | None,
    typer.Option(
        "--audience", help="Only events of members of this audience are sent. Repeatable."
    ),
]


@takes(option.read_identifiers, into="identifiers")
def export_events(
    label: option.Label,
    authorization: AuthorizationId,
    stream: Streams = None,
    event: EventNames = None,
    event_name: Annotated[
        str | None,
        typer.Option(help="What all of them are called in Braze; unless said, as they are here."),
    ] = None,
    properties: Properties = None,
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
    options = _options("export_events", stream, event, properties, audience, suppress)
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
def export_purchases(
    label: option.Label,
    authorization: AuthorizationId,
    stream: Streams = None,
    event: EventNames = None,
    product_key: Annotated[
        str | None, typer.Option(help="The key of the event that holds the product's id.")
    ] = None,
    price_key: Annotated[
        str | None, typer.Option(help="The key of the event that holds the price of one.")
    ] = None,
    quantity_key: Annotated[
        str | None, typer.Option(help="The key that holds how many, 1 where there is none.")
    ] = None,
    currency_key: Annotated[
        str | None, typer.Option(help="The key that holds the currency's three letters.")
    ] = None,
    currency: Annotated[
        str | None, typer.Option(help="The currency of events that say none, such as EUR.")
    ] = None,
    properties: Properties = None,
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
    options = _options("export_purchases", stream, event, properties, audience, suppress)
    options |= identifiers
    options.put("product_key", product_key)
    options.put("price_key", price_key)
    options.put("quantity_key", quantity_key)
    options.put("currency_key", currency_key)
    options.put("currency", currency)
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


def read_properties(entries: list[str]) -> dict[str, str]:
    """Return the key of the event by name of the property; raise BadEntryError."""
    return read_entries([entry if "=" in entry else f"{entry}={entry}" for entry in entries])


def _options(
    kind: str,
    streams: list[str] | None,
    events: list[str] | None,
    properties: list[str] | None,
    audiences: list[str] | None,
    suppress: list[str] | None,
) -> option.Choices:
    found: dict[str, Any] = {
        "kind": kind,
        "streams": streams or [],
        "events": events or [],
        "properties": read_properties(properties or []),
        "audiences": audiences or [],
        "suppressed_by": suppress or [],
    }
    return option.Choices(found)
