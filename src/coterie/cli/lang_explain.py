"""Shows why a filter holds for a profile or not, as lines for people."""

from collections.abc import Iterator

import msgspec

from coterie.lang.expr.jsondata import write_instant
from coterie.lang.filterql import Explained

ANSWERS = {True: "true", False: "false", None: "null"}
_encode = msgspec.json.Encoder(decimal_format="number").encode


def explained_lines(explained: Explained, depth: int = 0) -> Iterator[str]:
    """Yield the lines: an answer, the condition, and under it what it looked at.

    A `*` marks what the answer rests on.
    """
    answer = ANSWERS[explained.answer]
    mark = "*" if explained.decides else " "
    yield f"{mark} {answer:<6}{'  ' * depth}{explained.text}"
    for line in _details(explained):
        yield f"        {'  ' * depth}  {line}"
    for part in explained.parts:
        yield from explained_lines(part, depth + 1)


def _details(explained: Explained) -> Iterator[str]:
    for seen in explained.seen:
        value = "no value" if seen.missing else _encode(seen.value).decode()
        more = f" and {seen.left_out} more" if seen.left_out else ""
        about = ", to about a day: it reaches back further than what is kept" if seen.is_cut else ""
        yield f"{seen.text} = {value}{more}{about}"
    if explained.reason:
        yield f"{explained.reason}."
    if explained.changes_at is not None:
        yield f"Changes to {ANSWERS[explained.then]} at {write_instant(explained.changes_at)}."
