"""What the options of an Import CSV job must be."""

import re
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from coterie.control.jobs.errors import BadJobError
from coterie.control.jobs.options import read_options
from coterie.lang.expr.safe_regex import find_fault
from coterie.model.control import ImportCsvConfig

DELIMITERS = {",": ",", "|": "|", ";": ";", "t": "\t", "\t": "\t", "tab": "\t"}
ENCODINGS = (
    "utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "windows-1250", "windows-1251",
    "windows-1252", "iso-8859-1", "iso-8859-2", "iso-8859-15", "cp437", "cp850", "mac-roman",
    "shift_jis", "euc-jp", "gb18030", "big5", "euc-kr", "koi8-r",
)  # fmt: skip
"""Encodings that a job may name; none finds it out."""
TIME = re.compile(r"([01]?\d|2[0-3]):[0-5]\d")
MOST_COLUMNS = 10_000
KEY_LIMIT = 200


def read_import(config: ImportCsvConfig | Mapping[str, Any]) -> ImportCsvConfig:
    """Return options that came as JSON. Raises BadJobError."""
    if isinstance(config, ImportCsvConfig):
        return config
    return read_options(config, ImportCsvConfig, of="import")


def check_import(config: ImportCsvConfig, *, is_local: bool) -> ImportCsvConfig:
    """Return the options with the delimiter as a character. Raises BadJobError."""
    if config.delimiter not in DELIMITERS:
        raise BadJobError("The delimiter must be one of , | ; or t (tab).")
    _check_files(config, is_local=is_local)
    _check_columns(config)
    _check_times(config)
    encoding = config.encoding.strip().lower()
    if encoding and encoding not in ENCODINGS:
        raise BadJobError(
            message=f"The encoding {config.encoding!r} is not known. Choose from "
            f"{', '.join(ENCODINGS)}, or leave it out to find it out."
        )
    return msgspec.structs.replace(
        config, delimiter=DELIMITERS[config.delimiter], encoding=encoding
    )


def _check_files(config: ImportCsvConfig, *, is_local: bool) -> None:
    if sum(map(bool, (config.filename, config.prefix, config.pattern))) != 1:
        raise BadJobError(
            "Give the name of one file, the prefix of several, or a pattern of their names."
        )
    for name in (config.filename, config.prefix):
        if "/" in name or "\\" in name or name.startswith("."):
            raise BadJobError(message=f"{name!r} is no file name. Put its path into the folder.")
    if config.pattern and (fault := find_fault(config.pattern)):
        raise BadJobError(message=f"The pattern cannot be used: {fault}. Correct it.")
    if (config.continuous_update or config.diff) and config.filename:
        raise BadJobError(
            "Only files of a prefix or pattern can be watched, or compared with the one before. "
            "Give the prefix of the files."
        )
    if is_local and not config.folder:
        raise BadJobError("Name the local folder to read, or choose an SFTP authorization.")


def _check_columns(config: ImportCsvConfig) -> None:
    named = (*config.fields, *config.timestamps, *config.header, *config.names)
    if len(named) > MOST_COLUMNS:
        raise BadJobError(message=f"A job may name {MOST_COLUMNS:,} columns at most.")
    for column, key in config.names.items():
        if not key.strip() or len(key) > KEY_LIMIT or not key.isprintable():
            raise BadJobError(
                message=f"The column {column!r} needs a raw key of 1 to {KEY_LIMIT} readable "
                "characters."
            )
    if len(set(config.header)) != len(config.header) or "" in config.header:
        raise BadJobError("Each column of the header needs a name of its own.")


def _check_times(config: ImportCsvConfig) -> None:
    check_time_of_day(config.time_of_day, config.timezone)
    if (config.time_of_day or config.file_frequency) and not config.continuous_update:
        raise BadJobError(
            "A time of day and a frequency belong to a job that is kept updated. Switch that on, "
            "or leave them out."
        )


def check_time_of_day(time_of_day: str, timezone: str) -> None:
    """Raise BadJobError unless both are as they should be, or empty."""
    if time_of_day and TIME.fullmatch(time_of_day) is None:
        raise BadJobError(message=f"The time of day must look like 02:30, and is {time_of_day!r}.")
    if timezone:
        try:
            ZoneInfo(timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise BadJobError(
                message=f"There is no time zone {timezone!r}. Write it as Europe/Oslo."
            ) from error
