"""Showing a place in a text: the line, the column, and the line itself with a marker under it."""

import unicodedata

from msgspec import Struct

LONGEST_SHOWN_LINE = 120
_JOINERS = "\u200c\u200d"


class Place(Struct, frozen=True):
    """Where something stands, and how it is shown.

    `line` and `column` count from 1; a column is a character (a code point), whatever its width,
    and a tab is one. `length` never leaves the line. `marker` is two lines.
    """

    line: int
    column: int
    length: int
    marker: str


def locate(text: str, at: int, length: int) -> Place:
    """Return the place of the `length` characters from offset `at` on."""
    at = max(0, min(at, len(text)))
    start = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    line = text[start : end if end >= 0 else len(text)].removesuffix("\r")
    before = min(at - start, len(line))
    length = max(0, min(length, len(line) - before))
    return Place(
        line=text.count("\n", 0, at) + 1,
        column=before + 1,
        length=length,
        marker=_mark(line, before, length),
    )


def _mark(line: str, before: int, length: int) -> str:
    cut = max(0, before - LONGEST_SHOWN_LINE // 2) if len(line) > LONGEST_SHOWN_LINE else 0
    shown = line[cut : cut + LONGEST_SHOWN_LINE]
    blank = _width(line[cut:before])
    # Something is marked even where nothing stands: at the end of a line.
    carets = max(1, _width(line[before : min(before + length, cut + LONGEST_SHOWN_LINE)]))
    clean = "".join(map(_tame, shown)).rstrip()
    return f"  {clean}\n  {' ' * blank}{'^' * carets}"


def _tame(letter: str) -> str:
    """Return a character as it may be shown: what steers a terminal or turns a line is replaced."""
    if letter == "\t":
        return " "
    steers = unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp")
    return "\ufffd" if steers and letter not in _JOINERS else letter


def _width(shown: str) -> int:
    """Return how many columns of a terminal a text takes."""
    return sum(map(_columns, shown))


def _columns(letter: str) -> int:
    if letter in _JOINERS or unicodedata.category(letter) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in ("W", "F") else 1
