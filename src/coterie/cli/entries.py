"""Reads `name=value` options and texts from files."""

import os
import sys
from pathlib import Path

from coterie.base.errors import UserError


class BadEntryError(UserError):
    """An option that cannot be read."""

    code = "bad_option"


def read_entries(entries: list[str]) -> dict[str, str]:
    """Return `name=value` options as a dict; `name=@path` takes the value from a file.

    Raises BadEntryError.
    """
    found: dict[str, str] = {}
    for entry in entries:
        name, equals, value = entry.partition("=")
        if not equals or not name.strip():
            # What was written may be the secret itself, so it is not repeated.
            raise BadEntryError(
                message="An option is not of the form name=value. Write the name, an equals sign "
                "and the value."
            )
        found[name.strip()] = read_text(value) if value.startswith("@") else value
    return found


def read_text(value: str) -> str:
    """Return a text as given, or of a file if it is `@path`, or of standard input if `@-`.

    Raises BadEntryError.
    """
    if not value.startswith("@"):
        return value
    if value == "@-":
        return sys.stdin.read()
    try:
        return Path(value[1:]).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadEntryError(
            message=f"{value[1:]} cannot be read ({error}). Name a text file."
        ) from error


def refuse_file_name(text: str) -> None:
    """Raise BadEntryError if `text` is the bare name of a file, which lacks its @."""
    # Unlike Path.is_file, this answers for any text, however long.
    if os.path.isfile(text):
        raise BadEntryError(message=f"{text} is the name of a file. Write @{text} to read it.")
