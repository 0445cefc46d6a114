"""Whether an export job can be as asked: all that it names exists and fits together."""

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from coterie.control.jobs.errors import BadJobError
from coterie.control.jobs.named import require_named
from coterie.control.jobs.options import read_options
from coterie.control.jobs.written_checks import check_written
from coterie.model.control import JobConfig
from coterie.model.exports import (
    ExportAudienceConfig,
    ExportConfig,
    ExportProfilesConfig,
    ExportSubscriptionsConfig,
    QuietWindow,
)
from coterie.model.feeds import ExportEventsConfig, ExportPurchasesConfig, FeedConfig
from coterie.model.webhooks import WebhookConfig
from coterie.store import Connection

LABEL_LIMIT = 100
EXPORTS: Mapping[str, type[ExportConfig]] = {
    "export_audience": ExportAudienceConfig,
    "export_profiles": ExportProfilesConfig,
    "export_subscriptions": ExportSubscriptionsConfig,
    "export_events": ExportEventsConfig,
    "export_purchases": ExportPurchasesConfig,
    "webhook": WebhookConfig,
}
"""The options of each kind of export."""
OURS = ("kind", "joined", "outlet")
"""What we write among the options ourselves."""


def check_label(label: str) -> str:
    """Return a job's label without white space at its ends. Raises BadJobError."""
    label = label.strip()
    if not label or len(label) > LABEL_LIMIT:
        raise BadJobError(message=f"A job needs a label of 1 to {LABEL_LIMIT} characters.")
    return label


def kind_of(config: ExportConfig | JobConfig) -> str:
    """Return the kind of job that has such options."""
    return str(type(config).__struct_config__.tag)


def read_export(config: ExportConfig | Mapping[str, Any]) -> ExportConfig:
    """Return options as written, tidied up. Raises BadJobError for what has no such form.

    `kind` says which options they are, those of an audience export unless it is given.
    """
    if not isinstance(config, ExportConfig):
        config = _read(config)
    config = msgspec.structs.replace(
        config,
        audiences=tuple(dict.fromkeys(config.audiences)),
        suppressed_by=tuple(dict.fromkeys(config.suppressed_by)),
        identifier_field=config.identifier_field.strip(),
    )
    if isinstance(config, WebhookConfig):
        names = {field: name.strip() for field, name in config.names.items()}
        return msgspec.structs.replace(
            config, names={field: name for field, name in names.items() if name not in ("", field)}
        )
    if not isinstance(config, ExportAudienceConfig):
        return config
    return msgspec.structs.replace(
        config,
        attribute=config.attribute.strip() if config.form == "array" else "",
        names={slug: name for slug, name in config.names.items() if name},
    )


def _read(config: Mapping[str, Any]) -> ExportConfig:
    row = EXPORTS.get(str(config.get("kind", "export_audience")))
    if row is None:
        raise BadJobError(message=f"There is no export of kind {config['kind']!r}.")
    given = dict(config)
    if isinstance(given.get("expires_at"), str):
        given["expires_at"] = _read_instant(given["expires_at"])
    return read_options(given, row, of="export", ours=OURS)


def _read_instant(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise BadJobError(
            message=f"{text!r} is no instant. Write the expiry as 2031-05-31T12:00Z."
        ) from error


def check_export(config: ExportConfig, *, now: datetime) -> None:
    """Raise BadJobError unless the options fit together."""
    if not config.audiences and not isinstance(config, FeedConfig):
        raise BadJobError("Choose at least one audience to export.")
    _check_identifiers(config)
    check_written(config)
    both = sorted(set(config.audiences) & set(config.suppressed_by))
    if both:
        raise BadJobError(
            message=f"The audience {both[0]!r} is both exported and suppressing. Choose one."
        )
    if config.quiet is not None:
        _check_quiet(config.quiet)
    if config.consent is not None and not any(v.strip() for v in config.consent.values):
        raise BadJobError("Name the values of the consent field that mean yes.")
    _check_expiry(config, now)
    check_clean_up(config, asked=config.clean_up_at_expiry)


def check_clean_up(config: ExportConfig, *, asked: bool) -> None:
    """Raise BadJobError if what the job sent cannot be taken away."""
    if asked and isinstance(config, WebhookConfig):
        raise BadJobError("What a webhook job posted cannot be taken back. Do without clean-up.")
    if asked and isinstance(config, FeedConfig):
        raise BadJobError(
            message=f"Braze takes no {config.form} back that were sent. Do without clean-up."
        )
    if asked and isinstance(config, ExportSubscriptionsConfig):
        raise BadJobError(
            "Braze knows users as subscribed or unsubscribed and cannot be told to know nothing, "
            "so what the job set stays. Do without clean-up."
        )


def check_named(conn: Connection, account: int, config: ExportConfig) -> None:
    """Raise UnknownFieldError or UnknownAudienceError unless all that is named exists."""
    consent = () if config.consent is None else (config.consent.field,)
    require_named(
        conn,
        account,
        identifiers=(identifier.field for identifier in config.identifiers),
        fields=(*consent, *config.read_fields),
        audiences=(*config.audiences, *config.suppressed_by),
    )


def _check_identifiers(config: ExportConfig) -> None:
    if bool(config.alias_field) != bool(config.alias_label):
        raise BadJobError("An alias needs both its label and the field that holds its name.")
    used = [identifier.kind for identifier in config.identifiers]
    if not used:
        raise BadJobError(
            message="Choose at least one field that names the user: external id, Braze "
            "id, alias, e-mail or phone."
        )
    for kind in config.identifier_order:
        if kind not in used:
            raise BadJobError(message=f"The order names {kind}, but no field is given for it.")
    if len(set(config.identifier_order)) < len(config.identifier_order):
        raise BadJobError("The order of identifiers names one of them twice.")


def _check_quiet(quiet: QuietWindow) -> None:
    try:
        ZoneInfo(quiet.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadJobError(
            message=f"There is no time zone {quiet.zone!r}. Write one like Europe/Berlin or UTC."
        ) from error
    if _clock_time(quiet.start) == _clock_time(quiet.end):
        raise BadJobError("The quiet window starts and ends at the same time. Give it a length.")


def _clock_time(text: str) -> time:
    try:
        found = time.fromisoformat(text)
    except ValueError as error:
        raise BadJobError(message=f"{text!r} is no time of day. Write it as 22:00.") from error
    if found.tzinfo is not None:
        raise BadJobError("The times of the quiet window are in its zone; write them as 22:00.")
    return found


def _check_expiry(config: ExportConfig, now: datetime) -> None:
    if config.expires_at is None:
        if config.clean_up_at_expiry:
            raise BadJobError("Give the instant at which the job expires and cleans up.")
        return
    if config.expires_at.tzinfo is None:
        raise BadJobError("The expiry needs a time zone, such as 2031-05-31T12:00Z.")
    if config.expires_at <= now:
        raise BadJobError("The expiry lies in the past. Choose a later one.")
