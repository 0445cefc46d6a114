"""The comments of a text, and where they stand among its tokens."""

import re
from collections.abc import Iterable, Sequence

from msgspec import Struct

from coterie.lang.expr.tokens import Token

_COMMENT = re.compile(r"--[^\n]*|//[^\n]*|/\*.*?\*/", re.DOTALL)
_EMPTY_LINE = re.compile(r"\n[^\S\n]*\n")


class Comment(Struct, frozen=True):
    """A comment as written, with its place in the text.

    `trails` says that a token stands before it on its line.
    """

    text: str
    at: int
    trails: bool


def find_comments(text: str, tokens: Sequence[Token]) -> list[Comment]:
    """Return the comments of a text from first to last; `tokens` are those of the whole text."""
    found: list[Comment] = []
    last = 0
    for token in tokens:
        # Between two tokens there are blanks and comments only.
        until = len(text) if token.kind == "end" else token.at
        for piece in _COMMENT.finditer(text, last, until):
            trails = last > 0 and "\n" not in text[last : piece.start()]
            found.append(Comment(piece.group().rstrip(), piece.start(), trails))
        last = token.end
    return found


def has_empty_line(text: str, start: int, end: int) -> bool:
    """Say whether a part of a text holds an empty line."""
    return _EMPTY_LINE.search(text, start, end) is not None


class Piece(Struct, frozen=True):
    """A part of a text: from where to where, and up to where comments in it move before it."""

    start: int
    end: int
    lead: int


class Around(Struct, frozen=True):
    """The comments before a piece, in it and after it; `apart` if an empty line sets it off."""

    before: tuple[Comment, ...] = ()
    inside: tuple[Comment, ...] = ()
    after: tuple[Comment, ...] = ()
    apart: bool = False


def divide(text: str, comments: Iterable[Comment], pieces: Sequence[Piece]) -> list[Around]:
    """Return for each piece the comments that stand at it.

    After it are those on the line where it ends, and after the last one all that are left.
    """
    waiting = list(comments)
    found: list[Around] = []
    for n, piece in enumerate(pieces):
        line_end = text.find("\n", piece.end)
        limit = pieces[n + 1].start if n + 1 < len(pieces) else len(text)
        before, inside = _take(waiting, piece.lead), _take(waiting, piece.end)
        after = _take(waiting, limit if line_end < 0 else min(limit, line_end))
        begins = min(before[0].at, piece.start) if before else piece.start
        apart = n > 0 and has_empty_line(text, pieces[n - 1].end, begins)
        found.append(Around(before, inside, after, apart))
    if waiting:
        last = found.pop()
        found.append(Around(last.before, last.inside, (*last.after, *waiting), last.apart))
    return found


def end_line(lines: Sequence[str], after: Sequence[Comment], comma: str = "") -> list[str]:
    """Return lines with what follows the last of them: a comma, then comments."""
    last, rest = lines[-1] + comma, list(after)
    while rest and rest[0].trails:
        comment = rest.pop(0)
        last += f" {comment.text}"
        if not comment.text.startswith("/*"):
            break  # all else on this line would belong to the comment
    return [*lines[:-1], last, *(comment.text for comment in rest)]


def _take(waiting: list[Comment], limit: int) -> tuple[Comment, ...]:
    """Take the comments that stand before a place off the front of a list."""
    taken: list[Comment] = []
    while waiting and waiting[0].at < limit:
        taken.append(waiting.pop(0))
    return tuple(taken)
