"""The JSON texts that a request body holds, each with its place."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from coterie.base.errors import UserError
from coterie.flow.collect.items import describe

LINE_TYPES = frozenset(
    {
        "application/x-ndjson",
        "application/ndjson",
        "application/jsonl",
        "application/x-jsonlines",
        "application/jsonlines",
    }
)
_START = re.compile(rb"\s*(\S)")
_BOM = b"\xef\xbb\xbf"
_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])


class MalformedBodyError(UserError):
    """Nothing of a request can be read."""

    code = "malformed_body"

    def __init__(self, *, problem: str, position: str = "") -> None:
        place = f" at {position}" if position else ""
        super().__init__(
            f"The request body cannot be read{place}: {problem}. Send a JSON object, an array of "
            "objects, or one object a line."
        )
        self.position = position


class Item(msgspec.Struct, frozen=True):
    """One JSON text of a body; `value` is its decoded form where that is known already."""

    position: str
    raw: bytes
    value: Any = msgspec.UNSET


def split_body(body: bytes, *, content_type: str) -> Sequence[Item]:
    """Return the items of `body`: one object, the members of an array, or one a line.

    Items are not checked further than finding their ends needs. Raises MalformedBodyError.
    """
    body = body.removeprefix(_BOM)
    start = _START.match(body)
    if start is None:
        raise MalformedBodyError(problem="it is empty")
    if content_type in LINE_TYPES:
        return _lines(body)
    try:
        return _array(body) if start[1] == b"[" else _single(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if start[1] == b"{" and _is_first_line_whole(body):
            return _lines(body)
        problem, position = locate(error, body)
        raise MalformedBodyError(problem=problem, position=position) from error


def locate(error: Exception, body: bytes) -> tuple[str, str]:
    """Return what is wrong with `body`, and where: "line 3 column 7", or "" if unknown.

    `error` is what the fast decoder raised; the standard library's is asked where exactly, since
    the fast one names the byte where it noticed.
    """
    try:
        json.loads(body)
    except json.JSONDecodeError as exact:
        return exact.msg[:1].lower() + exact.msg[1:], f"line {exact.lineno} column {exact.colno}"
    except RecursionError:
        return "it is nested too deeply", ""
    except UnicodeDecodeError:
        return "it is not UTF-8", ""
    except ValueError:
        return "a number in it has too many digits", ""
    # What only the fast decoder refuses: NaN, Infinity, half of a surrogate pair.
    return describe(error), ""


def _single(body: bytes) -> Sequence[Item]:
    value = msgspec.json.decode(body)
    if not isinstance(value, dict):
        raise MalformedBodyError(problem="it is JSON, and neither an object nor an array")
    return (Item("", body, value),)


def _array(body: bytes) -> Sequence[Item]:
    return [Item(f"item {n}", bytes(raw)) for n, raw in enumerate(_ITEMS.decode(body), 1)]


def _lines(body: bytes) -> Sequence[Item]:
    return list(_iterate_lines(body))


def _iterate_lines(body: bytes) -> Iterator[Item]:
    for n, line in enumerate(body.split(b"\n"), 1):
        text = line.strip()
        if text:
            yield Item(f"line {n}", text)


def _is_first_line_whole(body: bytes) -> bool:
    first, newline, _ = body.lstrip().partition(b"\n")
    if not newline:
        return False
    try:
        return isinstance(msgspec.json.decode(first), dict)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
