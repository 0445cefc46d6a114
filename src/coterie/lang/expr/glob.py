"""Matching a text against a LIKE pattern.

A pattern is a path glob over the whole text, as in Lytics (github.com/mb0/glob): `*` and its twin
`%` match any run within a path segment, `**` crosses `/` too, `?` is one character, `[a-z]` one
of a set, `[^a-z]` one outside it, and a backslash takes the next character as it is.
"""

import re
from collections.abc import Callable
from functools import lru_cache

from coterie.lang.expr.limits import MAX_PATTERN

Matcher = Callable[[str], object]
_STAR, _GLOBSTAR = "*", "**"


@lru_cache(maxsize=4_096)
def like_matcher(pattern: str) -> Matcher | None:
    """Return a test of whole texts, truthy when one fits.

    None for a pattern with an open `[`, and for one that is longer than `MAX_PATTERN`.
    """
    if len(pattern) > MAX_PATTERN:
        return None
    pieces = _cut(pattern.replace("%", "*"))
    if pieces is None:
        return None
    if len({piece for piece in pieces if piece in (_STAR, _GLOBSTAR)}) == 2:
        return _mixed(pieces)
    return re.compile(_linear(pieces), re.DOTALL).fullmatch


def _cut(pattern: str) -> list[str] | None:
    """Return stars and the regular expressions of the single characters between them."""
    pieces: list[str] = []
    at = 0
    while at < len(pattern):
        letter = pattern[at]
        if letter == "*":
            run = len(pattern) - at - len(pattern[at:].lstrip("*"))
            pieces.append(_STAR if run == 1 else _GLOBSTAR)
            at += run
            continue
        if letter == "[":
            end = pattern.find("]", at + 2)
            if end < 0:
                return None
            pieces.append(_char_class(pattern[at + 1 : end]))
            at = end + 1
            continue
        escaped = letter == "\\" and at + 1 < len(pattern)
        at += 1 + escaped
        pieces.append("[^/]" if letter == "?" else re.escape(pattern[at - 1]))
    return pieces


def _char_class(inside: str) -> str:
    negated = inside.startswith("^")
    body = re.sub(r"([\[\]\\^&~|])", r"\\\1", inside[negated:])
    # A range that runs backwards is no range; both ends then stand for themselves.
    body = re.sub(r"(\w)-(\w)", lambda r: r[0] if r[1] <= r[2] else rf"{r[1]}\-{r[2]}", body)
    body = re.sub(r"(?<!\w)-|-(?!\w)", r"\\-", body)
    return f"[{'^' * negated}{body}]"


def _linear(pieces: list[str]) -> str:
    """Return a regular expression that never tries a text twice.

    With one sort of star the earliest fit of what follows a star is as good as any later one, so
    each is atomic; only the last has to look further, for the text's end.
    """
    chunks: list[str] = [""]
    stars: list[str] = []
    for piece in pieces:
        if piece in (_STAR, _GLOBSTAR):
            stars.append("[^/]*" if piece == _STAR else ".*")
            chunks.append("")
        else:
            chunks[-1] += piece
    source = chunks[0]
    for index, (star, chunk) in enumerate(zip(stars, chunks[1:], strict=True), 1):
        source += f"{star}{chunk}" if index == len(stars) else f"(?>{star}?{chunk})"
    return source


def _mixed(pieces: list[str]) -> Matcher:
    """Return a test for patterns with both stars: which places of the pattern can be reached."""
    steps = [p if p in (_STAR, _GLOBSTAR) else re.compile(p, re.DOTALL) for p in pieces]

    def matches(text: str) -> bool:
        places = _skip_stars(steps, {0})
        for letter in text:
            reached = {_step(steps, place, letter) for place in places}
            places = _skip_stars(steps, {place for place in reached if place is not None})
        return len(steps) in places

    return matches


def _step(steps: list[str | re.Pattern[str]], place: int, letter: str) -> int | None:
    """Return the place after `letter`, None when it does not fit there."""
    step = steps[place] if place < len(steps) else None
    if isinstance(step, str):
        return place if letter != "/" or step == _GLOBSTAR else None
    return place + 1 if step is not None and step.fullmatch(letter) else None


def _skip_stars(steps: list[str | re.Pattern[str]], places: set[int]) -> set[int]:
    """Return the places with those behind a star, which may match nothing."""
    for place in sorted(places):
        after = place
        while after < len(steps) and isinstance(steps[after], str):
            after += 1
            places.add(after)
    return places
