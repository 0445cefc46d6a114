"""Reading dates by a Go layout, in which the reference date stands for its parts.

`02/01/2006` is day, month, year; `15:04:05` the time; `Jan 2, 2006 3:04 PM` and so on.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

from coterie.lang.expr.dates import full_year

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = "mon|tue|wed|thu|fri|sat|sun"
# A layout may name weekday and zone as often as it likes, so neither may be matched in two ways:
# what follows would else be tried again and again.
_LONG_WEEKDAYS = "monday|tuesday|wednesday|thursday|friday|saturday|sunday"
# What stands for what, the longer spelling first; each is a group of a regular expression.
_PARTS: tuple[tuple[str, str], ...] = (
    ("January", r"(?P<B>[A-Za-z]{3,9})"),
    ("Monday", rf"(?:{_LONG_WEEKDAYS})"),
    ("Z07:00", r"(?P<z>Z|[+-]\d{2}:\d{2})"),
    ("-07:00", r"(?P<z>[+-]\d{2}:\d{2})"),
    ("Z0700", r"(?P<z>Z|[+-]\d{4})"),
    ("-0700", r"(?P<z>[+-]\d{4})"),
    ("-07", r"(?P<z>[+-]\d{2})"),
    ("2006", r"(?P<Y>\d{4})"),
    ("MST", r"[A-Z]{3,4}+"),
    ("Jan", r"(?P<B>[A-Za-z]{3})"),
    ("Mon", rf"(?:{_WEEKDAYS})"),
    ("002", r"(?P<j>\d{3})"),
    ("01", r"(?P<m>\d{2})"),
    ("02", r"(?P<d>\d{2})"),
    ("03", r"(?P<I>\d{2})"),
    ("04", r"(?P<M>\d{2})"),
    ("05", r"(?P<S>\d{2})(?:[.,](?P<f>\d{1,9}))?"),
    ("06", r"(?P<y>\d{2})"),
    ("15", r"(?P<H>\d{1,2})"),
    ("PM", r"(?P<p>AM|PM)"),
    ("pm", r"(?P<p>am|pm)"),
    ("_2", r"(?P<d> \d|\d{1,2})"),
    ("1", r"(?P<m>\d{1,2})"),
    ("2", r"(?P<d>\d{1,2})"),
    ("3", r"(?P<I>\d{1,2})"),
    ("4", r"(?P<M>\d{1,2})"),
    ("5", r"(?P<S>\d{1,2})(?:[.,](?P<f>\d{1,9}))?"),
)
_FRACTION = re.compile(r"[.,](?:0+|9+)(?!\d)")
LONGEST_LAYOUT = 200


def parse_layout(layout: str, text: str) -> datetime | None:
    """Return the instant in `text` as `layout` says, in UTC where it names no zone, or None."""
    pattern = _compile(layout)
    found = pattern.fullmatch(text) if pattern is not None else None
    if found is None:
        return None
    try:
        return _assemble(found.groupdict())
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=512)
def _compile(layout: str) -> re.Pattern[str] | None:
    if len(layout) > LONGEST_LAYOUT:
        return None
    source, at = "", 0
    while at < len(layout):
        fraction = _FRACTION.match(layout, at)
        if fraction and source.endswith("?"):
            at = fraction.end()  # the seconds before it already take a fraction
            continue
        spelling, pattern = next(
            (part for part in _PARTS if layout.startswith(part[0], at)),
            (layout[at], re.escape(layout[at])),
        )
        source += pattern
        at += len(spelling)
    try:
        return re.compile(source, re.IGNORECASE | re.ASCII)
    except re.error:  # a part that is named twice
        return None


def _assemble(parts: dict[str, str | None]) -> datetime:
    def number(name: str, default: int, read: Callable[[str], int] = int) -> int:
        text = parts.get(name)
        return default if text is None else read(text.strip())

    year = number("Y", full_year(number("y", 0)) if parts.get("y") else 0)
    month = number("m", number("B", 1, _month))
    hour = number("H", number("I", 0))
    if (half := parts.get("p")) is not None:
        hour = hour % 12 + (12 if half.lower() == "pm" else 0)
    micros = int((parts.get("f") or "0").ljust(6, "0")[:6])
    zone = _zone(parts.get("z"))
    day = number("d", 1)
    made = datetime(year, month, day, hour, number("M", 0), number("S", 0), micros, zone)
    return (made + timedelta(days=number("j", 1) - 1)).astimezone(UTC)


def _month(name: str) -> int:
    return _MONTHS.index(name[:3].lower()) + 1


def _zone(text: str | None) -> timezone:
    if text is None or text.upper() == "Z":
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if text[0] == "-" else offset)
