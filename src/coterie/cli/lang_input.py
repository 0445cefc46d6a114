"""Reads the texts and the data of one question about the languages."""

import sys
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import msgspec

from coterie.cli.entries import BYTE_ORDER_MARK, BadEntryError, read_text

STANDARD_INPUT = "-"
T = TypeVar("T")


def read_words(text: str) -> str:
    """Return a text as given, of an @file, or of standard input for `-`. Raises BadEntryError."""
    return read_text("@-" if text == STANDARD_INPUT else text)


def read_question(text: str, data: str, includes: str | None) -> tuple[str, Any, Any]:
    """Return a text, its data and the filters it may include; the last two are names of files.

    Raises BadEntryError.
    """
    given = [each.removeprefix("@") for each in (text, data, includes or "")]
    if given.count(STANDARD_INPUT) > 1:
        raise BadEntryError(
            message="Standard input can be read once. Put all but one of the text, the data and "
            "the includes into files."
        )
    return read_words(text), read_json(data, type=dict[str, Any]), read_includes(includes)


def read_includes(path: str | None) -> dict[str, str] | None:
    """Return the texts of filters by name, if a file is named. Raises BadEntryError."""
    return None if path is None else read_json(path, type=dict[str, str])


def read_json(path: str, *, type: type[T]) -> T:  # noqa: A002 - as msgspec calls it
    """Return what a file says, or standard input for `-`. Raises BadEntryError."""
    with open_file(path) as lines:
        return decode_json(lines.read(), type=type, what=path)


def decode_json(content: bytes, *, type: type[T], what: str) -> T:  # noqa: A002 - as above
    """Return what JSON says; `what` names it in the error. Raises BadEntryError."""
    try:
        return msgspec.json.decode(content.removeprefix(BYTE_ORDER_MARK), type=type)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadEntryError(message=f"{what} does not hold the JSON it should: {error}.") from error
    except RecursionError as error:
        msg = f"{what} is nested too deeply to be read. Take levels out of it."
        raise BadEntryError(message=msg) from error


def open_file(path: str) -> BinaryIO:
    """Return a file, or standard input for `-`, ready to be read. Raises BadEntryError."""
    if path == STANDARD_INPUT:
        return sys.stdin.buffer
    try:
        return Path(path.removeprefix("@")).open("rb")
    except OSError as error:
        raise BadEntryError(message=f"{path} cannot be read ({error}). Name a file.") from error
