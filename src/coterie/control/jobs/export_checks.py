"""Whether an Export Audience job can be as asked: all that it names exists and fits together."""

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from coterie.connectors.braze.reserved import is_custom
from coterie.control.definitions.audiences import require_audiences
from coterie.control.definitions.schema import require_field, require_scalar_field
from coterie.control.jobs.errors import BadJobError
from coterie.model.exports import ExportAudienceConfig, QuietWindow
from coterie.store import Connection

# Braze: attribute names up to 255 characters, and array values up to 255.
NAME_LIMIT = 255
LABEL_LIMIT = 100


def check_label(label: str) -> str:
    """Return a job's label without white space at its ends. Raises BadJobError."""
    label = label.strip()
    if not label or len(label) > LABEL_LIMIT:
        raise BadJobError(message=f"A job needs a label of 1 to {LABEL_LIMIT} characters.")
    return label


def read_export(config: ExportAudienceConfig | Mapping[str, Any]) -> ExportAudienceConfig:
    """Return options as written, tidied up. Raises BadJobError for what has no such form."""
    if not isinstance(config, ExportAudienceConfig):
        given = {name: value for name, value in config.items() if name not in ("kind", "joined")}
        known = [name for name in ExportAudienceConfig.__struct_fields__ if name != "joined"]
        unknown = sorted(set(given) - set(known))
        if unknown:
            raise BadJobError(
                message=f"There is no option {unknown[0]!r}. The options are {', '.join(known)}."
            )
        if isinstance(given.get("expires_at"), str):
            given["expires_at"] = _read_instant(given["expires_at"])
        try:
            config = msgspec.convert({"kind": "export_audience", **given}, ExportAudienceConfig)
        except msgspec.ValidationError as error:
            raise BadJobError(message=f"The export's options do not fit: {error}.") from error
    return msgspec.structs.replace(
        config,
        audiences=tuple(dict.fromkeys(config.audiences)),
        suppressed_by=tuple(dict.fromkeys(config.suppressed_by)),
        attribute=config.attribute.strip() if config.form == "array" else "",
        names={slug: name for slug, name in config.names.items() if name},
        identifier_field=config.identifier_field.strip(),
    )


def _read_instant(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise BadJobError(
            message=f"{text!r} is no instant. Write the expiry as 2031-05-31T12:00Z."
        ) from error


def check_export(config: ExportAudienceConfig, *, now: datetime) -> None:
    """Raise BadJobError unless the options fit together."""
    if not config.audiences:
        raise BadJobError("Choose at least one audience to export.")
    _check_identifiers(config)
    if config.form == "array":
        _check_attribute(config.attribute)
    _check_values(config)
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


def check_named(conn: Connection, account: int, config: ExportAudienceConfig) -> None:
    """Raise UnknownFieldError or UnknownAudienceError unless all that is named exists."""
    for identifier in config.identifiers:
        require_scalar_field(conn, account, identifier.field)
    if config.consent is not None:
        require_field(conn, account, config.consent.field)
    require_audiences(conn, account, (*config.audiences, *config.suppressed_by))


def _check_identifiers(config: ExportAudienceConfig) -> None:
    if bool(config.alias_field) != bool(config.alias_label):
        raise BadJobError("An alias needs both its label and the field that holds its name.")
    used = [identifier.kind for identifier in config.identifiers]
    if not used:
        raise BadJobError(
            message="Choose at least one field that names the user in Braze: external id, Braze "
            "id, alias, e-mail or phone."
        )
    for kind in config.identifier_order:
        if kind not in used:
            raise BadJobError(message=f"The order names {kind}, but no field is given for it.")
    if len(set(config.identifier_order)) < len(config.identifier_order):
        raise BadJobError("The order of identifiers names one of them twice.")


def _check_attribute(attribute: str) -> None:
    if not attribute or len(attribute) > NAME_LIMIT or attribute.startswith("$"):
        raise BadJobError(
            message=f"The attribute needs a name of 1 to {NAME_LIMIT} characters that does not "
            "start with a dollar sign, such as lytics_segments."
        )
    if not is_custom(attribute):
        raise BadJobError(
            message=f"{attribute!r} is a standard attribute in Braze. Choose another name."
        )


def _check_values(config: ExportAudienceConfig) -> None:
    for slug in config.names:
        if slug not in config.audiences:
            raise BadJobError(
                message=f"A name is given for {slug!r}, which the job does not export."
            )
    values = [config.exported_name(slug) for slug in config.audiences]
    for value in values:
        if not value.strip() or len(value) > NAME_LIMIT:
            raise BadJobError(
                message=f"An exported name needs 1 to {NAME_LIMIT} characters: {value!r}."
            )
        if values.count(value) > 1:
            raise BadJobError(
                message=f"Two audiences would be exported as {value!r}. Rename one of them."
            )
        if config.form == "booleans" and not is_custom(value):
            raise BadJobError(
                message=f"{value!r} means something of its own in Braze and cannot be the "
                "attribute of an audience. Give a prefix or another name."
            )


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


def _check_expiry(config: ExportAudienceConfig, now: datetime) -> None:
    if config.expires_at is None:
        if config.clean_up_at_expiry:
            raise BadJobError("Give the instant at which the job expires and cleans up.")
        return
    if config.expires_at.tzinfo is None:
        raise BadJobError("The expiry needs a time zone, such as 2031-05-31T12:00Z.")
    if config.expires_at <= now:
        raise BadJobError("The expiry lies in the past. Choose a later one.")
