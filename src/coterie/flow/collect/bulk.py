"""Lines of JSON and rows of CSV of a bulk load become events, one at a time."""

import gzip
import io
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO

import msgspec

from coterie.base.errors import UserError
from coterie.flow.collect.body import LINE_TYPES
from coterie.flow.collect.items import (
    NotAnObjectError,
    Sender,
    check_size,
    decode_value,
    make_event,
)
from coterie.flow.collect.parse import Refusal
from coterie.flow.collect.unpack import RequestTooLargeError, UnsupportedEncodingError
from coterie.model.events import IncomingEvent

Made = IncomingEvent | Refusal
GZIP_MAGIC = b"\x1f\x8b"
BOM = b"\xef\xbb\xbf"
CSV_TYPES = frozenset({"text/csv", "application/csv", "text/tab-separated-values"})
PEEKED = 4_096


class ArrayInBulkError(UserError):
    """A bulk load is one JSON array, which cannot be read a part at a time."""

    code = "array_in_bulk"

    def __init__(self) -> None:
        super().__init__(
            "A bulk load is CSV or one JSON object a line, and this is a JSON array. Send one "
            "object a line, or arrays of up to COTERIE_COLLECT_REQUEST_LIMIT_BYTES to "
            "/collect/json."
        )


class _Bounded(io.RawIOBase):
    """Hands out what `source` holds unpacked, and at most `limit` bytes of it."""

    def __init__(self, source: BinaryIO, *, limit: int) -> None:
        self._source = source
        self._limit = limit
        self._left = limit

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            piece = self._source.read(len(buffer))
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise UnsupportedEncodingError(encoding="gzip") from error
        self._left -= len(piece)
        if self._left < 0:
            raise RequestTooLargeError(limit=self._limit)
        buffer[: len(piece)] = piece
        return len(piece)


def open_bulk(body: BinaryIO, *, limit: int) -> io.BufferedReader:
    """Return the body unpacked, if it is gzip, from its start; at most `limit` bytes of it.

    Reading raises RequestTooLargeError and UnsupportedEncodingError.
    """
    body.seek(0)
    is_packed = body.read(len(GZIP_MAGIC)) == GZIP_MAGIC
    body.seek(0)
    source: Any = gzip.GzipFile(fileobj=body) if is_packed else body
    return io.BufferedReader(_Bounded(source, limit=limit), buffer_size=1 << 16)


def is_json(stream: io.BufferedReader, *, content_type: str) -> bool:
    """Say whether a load is lines of JSON, by its type or by how it begins.

    Raises ArrayInBulkError.
    """
    if content_type in LINE_TYPES:
        return True
    if content_type in CSV_TYPES:
        return False
    start = stream.peek(PEEKED).removeprefix(BOM).lstrip()[:1]
    if start == b"[":
        raise ArrayInBulkError
    return start == b"{"


def read_lines(
    stream: io.BufferedReader, *, append: dict[str, Any], sender: Sender
) -> Iterator[Made]:
    """Yield an event for each line that is not blank, or why it is none."""
    number = 0
    while line := stream.readline(sender.event_limit + 2):
        number += 1
        whole = line.endswith(b"\n") or len(line) <= sender.event_limit
        text = line.removeprefix(BOM).strip() if number == 1 else line.strip()
        while not whole and line and not line.endswith(b"\n"):
            line = stream.readline(1 << 16)
        if text:
            yield make_made(text, append, position=f"line {number}", index=number, sender=sender)


def make_made(
    text: bytes, append: dict[str, Any], *, position: str, index: int, sender: Sender
) -> Made:
    """Return the event of a JSON text, or why it is none."""
    try:
        check_size(len(text), sender=sender)
        value = decode_value(text)
        if not isinstance(value, dict):
            raise NotAnObjectError(value=value)
        if append:
            value |= append
            text = msgspec.json.encode(value)
            check_size(len(text), sender=sender)
        return make_event(value, text.decode(), index=index, sender=sender)
    except UserError as error:
        return Refusal(position, error.code, error.message, text)
