"""Matching a text against a LIKE pattern.

A pattern is a path glob over the whole text, as in Lytics (github.com/mb0/glob): `*` and its twin
`%` match any run within a path segment, `**` crosses `/` too, `?` is one character, `[a-z]` one
of a set, `[^a-z]` one outside it, and a backslash takes the next character as it is.

A match takes time in proportion to the text. What most patterns are, a text with stars at its
ends, is compared directly; the rest is a regular expression of a linear-time engine.
"""

import re
from collections.abc import Callable
from functools import lru_cache

from msgspec import Struct

from coterie.lang.expr.limits import MAX_PATTERN
from coterie.lang.expr.safe_regex import whole_matcher

Matcher = Callable[[str], object]
_STAR, _GLOBSTAR = "*", "**"


class _Piece(Struct, frozen=True):
    """A part of a pattern: a star, a letter that stands for itself, or neither."""

    regex: str
    star: str = ""
    letter: str = ""


_STARS = {_STAR: _Piece("[^/]*", star=_STAR), _GLOBSTAR: _Piece(".*", star=_GLOBSTAR)}


@lru_cache(maxsize=4_096)
def like_matcher(pattern: str) -> Matcher | None:
    """Return a test of whole texts, truthy when one fits; None for a faulty pattern.

    Faulty is a pattern with an open `[`, and one that is longer than `MAX_PATTERN`.
    """
    pieces = _cut(pattern.replace("%", "*")) if len(pattern) <= MAX_PATTERN else None
    if pieces is None:
        return None
    return _direct(pieces) or whole_matcher("".join(piece.regex for piece in pieces))


def _cut(pattern: str) -> list[_Piece] | None:
    pieces: list[_Piece] = []
    at = 0
    while at < len(pattern):
        letter = pattern[at]
        if letter == "*":
            run = len(pattern) - at - len(pattern[at:].lstrip("*"))
            pieces.append(_STARS[_STAR if run == 1 else _GLOBSTAR])
            at += run
            continue
        if letter == "[":
            end = pattern.find("]", at + 2)
            if end < 0:
                return None
            pieces.append(_Piece(_char_class(pattern[at + 1 : end])))
            at = end + 1
            continue
        escaped = letter == "\\" and at + 1 < len(pattern)
        at += 1 + escaped
        meant = pattern[at - 1]
        pieces.append(_Piece("[^/]") if letter == "?" else _Piece(re.escape(meant), letter=meant))
    return pieces


def _char_class(inside: str) -> str:
    negated = inside.startswith("^")
    body = re.sub(r"([\[\]\\^&~|])", r"\\\1", inside[negated:])
    # A range that runs backwards is no range; both ends then stand for themselves.
    body = re.sub(r"(\w)-(\w)", lambda r: r[0] if r[1] <= r[2] else rf"{r[1]}\-{r[2]}", body)
    body = re.sub(r"(?<!\w)-|-(?!\w)", r"\\-", body)
    return f"[{'^' * negated}{body}]"


def _direct(pieces: list[_Piece]) -> Matcher | None:
    """Return a test for a text with a star at one end, at both, or at none; None for others."""
    before = pieces[0].star if pieces else ""
    after = pieces[-1].star if len(pieces) > 1 else ""
    middle = pieces[bool(before) : len(pieces) - bool(after)]
    if not all(piece.letter for piece in middle):
        return None
    text = "".join(piece.letter for piece in middle)
    match before, after:
        case "", "":
            return lambda value: value == text
        case _, "":
            return _ending(text, before)
        case "", _:
            return _beginning(text, after)
        case _:
            return _inside(text, before, after)


def _ending(text: str, star: str) -> Matcher:
    if star == _GLOBSTAR:
        return lambda value: value.endswith(text)
    length = len(text)
    return lambda value: value.endswith(text) and value.find("/", 0, len(value) - length) < 0


def _beginning(text: str, star: str) -> Matcher:
    if star == _GLOBSTAR:
        return lambda value: value.startswith(text)
    length = len(text)
    return lambda value: value.startswith(text) and value.find("/", length) < 0


def _inside(text: str, before: str, after: str) -> Matcher | None:
    if before == after == _GLOBSTAR:
        return lambda value: text in value
    if before == after and "/" not in text:
        return lambda value: text in value and "/" not in value
    return None
