"""What the options of an Export to SFTP job must be."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from coterie.connectors.files import BadFileNameError, check_name
from coterie.control.jobs.errors import BadJobError
from coterie.control.jobs.import_checks import DELIMITERS, check_time_of_day
from coterie.control.jobs.named import require_named
from coterie.control.jobs.options import read_options
from coterie.model.file_exports import ExportFilesConfig
from coterie.store import Connection

MOST_COLUMNS = 1_000
HEADING_LIMIT = 200
JOIN_LIMIT = 10
# What file systems take is 255 bytes; an unfinished file has a few more.
NAME_LIMIT = 200
SOME_INSTANT = datetime(2031, 12, 31, 23, 59, 59, tzinfo=UTC)


def read_file_export(config: ExportFilesConfig | Mapping[str, Any]) -> ExportFilesConfig:
    """Return options that came as JSON. Raises BadJobError."""
    if isinstance(config, ExportFilesConfig):
        return config
    return read_options(config, ExportFilesConfig, of="export")


def check_file_export(config: ExportFilesConfig) -> ExportFilesConfig:
    """Return the options with the delimiter as a character. Raises BadJobError."""
    if not config.audience:
        raise BadJobError("Choose the audience to export.")
    if config.delimiter not in DELIMITERS:
        raise BadJobError("The delimiter must be one of , | ; or t (tab).")
    if len(config.join) > JOIN_LIMIT or not config.join.isprintable():
        raise BadJobError(
            message=f"What stands between the members of a list has at most {JOIN_LIMIT} readable "
            "characters."
        )
    if config.limit < 0:
        raise BadJobError("The most people of a file is a number above zero, or 0 for all.")
    _check_columns(config)
    _check_name(config)
    _check_schedule(config)
    if config.consent is not None and not any(v.strip() for v in config.consent.values):
        raise BadJobError("Name the values of the consent field that mean yes.")
    return msgspec.structs.replace(config, delimiter=DELIMITERS[config.delimiter])


def check_file_names(conn: Connection, account: int, config: ExportFilesConfig) -> None:
    """Raise UnknownFieldError or UnknownAudienceError unless all that is named exists."""
    consent = () if config.consent is None else (config.consent.field,)
    require_named(
        conn,
        account,
        fields=(*config.fields, *consent),
        audiences=(config.audience, *config.suppressed_by),
    )


def _check_columns(config: ExportFilesConfig) -> None:
    if len(config.fields) > MOST_COLUMNS:
        raise BadJobError(message=f"A file has at most {MOST_COLUMNS:,} columns.")
    if len(set(config.fields)) < len(config.fields):
        raise BadJobError("A field is named twice. Name each once.")
    for name in config.names:
        if config.fields and name not in config.fields:
            raise BadJobError(message=f"A heading is given for {name!r}, which is not exported.")
    headings = [config.names.get(name, name) for name in config.fields]
    headings += [config.audience_column] if config.audience_column else []
    for heading in (*headings, *config.names.values()):
        if not heading.strip() or len(heading) > HEADING_LIMIT or not heading.isprintable():
            raise BadJobError(
                message=f"A heading needs 1 to {HEADING_LIMIT} readable characters: {heading!r}."
            )
    for heading in headings:
        if headings.count(heading) > 1:
            raise BadJobError(message=f"Two columns would be named {heading!r}. Rename one.")


def _check_name(config: ExportFilesConfig) -> None:
    if config.gzip and config.format == "parquet":
        raise BadJobError("Parquet files are compressed inside. Leave gzip out.")
    try:
        name = config.file_name(at=SOME_INSTANT, is_encrypted=True)
    except (ValueError, UnicodeError) as error:
        raise BadJobError(
            message=f"The time format {config.time_format!r} cannot be used. Write it as %Y%m%d."
        ) from error
    if "{" in name or "}" in name:
        raise BadJobError("A file name may hold {AUDIENCE} and {TIMESTAMP} and no other braces.")
    try:
        check_name(name)
    except BadFileNameError as error:
        raise BadJobError(
            message=f"{name!r} is no file name: leave slashes, backslashes and control characters "
            "out of the name and of the time format. Put its path into the folder."
        ) from error
    if name.startswith(".") or len(name.encode()) > NAME_LIMIT:
        raise BadJobError(
            message=f"A file name has at most {NAME_LIMIT} bytes and does not start with a dot."
        )


def _check_schedule(config: ExportFilesConfig) -> None:
    check_time_of_day(config.time_of_day, config.timezone)
    if not config.frequency and (config.time_of_day or config.weekday):
        raise BadJobError(
            "A time of day and a weekday belong to a job with a frequency. Give one, or leave them "
            "out."
        )
    if config.frequency in ("daily", "weekly") and not config.time_of_day:
        raise BadJobError("Give the time of day at which the file is written, such as 02:30.")
    if (config.frequency == "weekly") != bool(config.weekday):
        raise BadJobError("A weekly file needs a weekday, and no other does.")
