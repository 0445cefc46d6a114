"""Answers a batch of questions about the languages, line by line."""

from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO

import msgspec

from coterie.base.errors import CoterieError
from coterie.cli.entries import BYTE_ORDER_MARK
from coterie.lang.questions import Question, answer

LONGEST_LINE = 16 * 1024 * 1024
KEYS = frozenset(Question.__struct_fields__)
# What a line may hold that is no JSON of a question: msgspec lets bad UTF-8 come through.
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_decode = msgspec.json.Decoder(Question).decode
_decode_keys = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class LineAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to one line: `result` if it is ok, else why not."""

    ok: bool
    result: object = None
    error: str | None = None


def read_lines(lines: BinaryIO) -> Iterator[bytes]:
    """Yield the lines; of one longer than `LONGEST_LINE` only so much that it is seen to be."""
    line = lines.readline(LONGEST_LINE + 1).removeprefix(BYTE_ORDER_MARK)
    while line:
        yield line
        while len(line) > LONGEST_LINE and not line.endswith(b"\n"):
            line = lines.readline(LONGEST_LINE + 1)
        line = lines.readline(LONGEST_LINE + 1)


def answer_line(line: bytes, *, now: datetime) -> LineAnswer:
    """Return the answer to a line, whatever it holds; `now` is for lines that name no instant."""
    if len(line) > LONGEST_LINE:
        return LineAnswer(ok=False, error=f"The line is longer than {LONGEST_LINE:,} bytes.")
    try:
        keys = _decode_keys(line).keys() - KEYS
        question = _decode(line)
    except _UNREADABLE as error:
        return LineAnswer(ok=False, error=f"The line is no question: {error}.")
    for key in sorted(keys):
        meant = _meant(key)
        if meant is not None:
            msg = f"The line has a key {key!r}, which nothing reads. Did you mean {meant!r}?"
            return LineAnswer(ok=False, error=msg)
    try:
        return LineAnswer(ok=True, result=answer(question, now=now))
    except CoterieError as error:
        return LineAnswer(ok=False, error=error.message)


def _meant(key: str) -> str | None:
    """Return the key that was most likely meant; lines may carry keys of their own besides."""
    lower = key.lower()
    return next((known for known in (lower, f"{lower}s") if known in KEYS), None)
