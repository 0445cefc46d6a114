"""Reads `name=value` options and texts from files."""

import os
import sys
from pathlib import Path

from coterie.base.errors import UserError

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""What some editors put before the first character of a file."""


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
    try:
        content = sys.stdin.buffer.read() if value == "@-" else Path(value[1:]).read_bytes()
        text = content.removeprefix(BYTE_ORDER_MARK).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        what = "Standard input" if value == "@-" else value[1:]
        raise BadEntryError(
            message=f"{what} cannot be read ({error}). Name a text file in UTF-8."
        ) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def refuse_file_name(text: str) -> None:
    """Raise BadEntryError if `text` is the bare name of a file, which lacks its @."""
    # Unlike Path.is_file, this answers for any text, however long.
    if os.path.isfile(text):
        raise BadEntryError(message=f"{text} is the name of a file. Write @{text} to read it.")
