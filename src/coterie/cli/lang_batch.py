"""Answers one line of a batch of questions about the languages."""

from datetime import datetime

import msgspec

from coterie.base.errors import CoterieError
from coterie.lang.questions import Question, answer

LONGEST_LINE = 16 * 1024 * 1024
_decode = msgspec.json.Decoder(Question).decode


class LineAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to one line: `result` if it is ok, else why not."""

    ok: bool
    result: object = None
    error: str | None = None


def answer_line(line: bytes, *, now: datetime) -> LineAnswer:
    """Return the answer to a line, whatever it holds; `now` is for lines that name no instant."""
    if len(line) > LONGEST_LINE:
        return LineAnswer(ok=False, error=f"The line is longer than {LONGEST_LINE:,} bytes.")
    try:
        question = _decode(line)
    except (msgspec.DecodeError, RecursionError) as error:
        return LineAnswer(ok=False, error=f"The line is no question: {error}.")
    try:
        return LineAnswer(ok=True, result=answer(question, now=now))
    except CoterieError as error:
        return LineAnswer(ok=False, error=error.message)
