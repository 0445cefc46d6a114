"""Date math: `now`, `now-3d`, `now+1M`.

Units are y M w d h m s, one count and one unit. Years and months go by the calendar and roll over
the way Go's AddDate does (31 January + 1M is 2 or 3 March); the rest are exact durations in UTC.
"""

import re
from datetime import datetime, timedelta

from msgspec import Struct

# Beyond this no answer is useful, and datetime's years 1 to 9999 are left soon.
MAX_YEARS = 1000
_SECONDS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_MONTHS = {"y": 12, "M": 1}
_DATEMATH = re.compile(
    r"(?:(?P<now>now)(?:$|(?=[+\-0-9])))?(?:(?P<sign>[+-]?)(?P<n>\d+)(?P<u>\w))?"
)


class Shift(Struct, frozen=True):
    """A distance from now: calendar months, then seconds."""

    months: int = 0
    seconds: int = 0

    def apply(self, now: datetime) -> datetime | None:
        """Return the instant at this distance from `now`, None outside years 1 to 9999."""
        try:
            moved = add_months(now, self.months) if self.months else now
            return moved + timedelta(seconds=self.seconds)
        except (OverflowError, ValueError):
            return None


def parse_shift(text: str) -> Shift | None:
    """Return the distance that a date-math text names, with or without `now`; None for others."""
    # `m` and `M` differ, so only the word is read in any case.
    found = _DATEMATH.fullmatch(f"now{text[3:]}" if text[:3].lower() == "now" else text)
    if found is None or not text:
        return None
    if found["n"] is None:
        return Shift()
    if not found["sign"] and not found["now"]:
        return None
    return _shift_of(int(found["sign"] + found["n"]), found["u"])


def parse_literal(text: str) -> Shift | None:
    """Return the distance a literal in a filter names; it has to begin with `now`."""
    return parse_shift(text) if text[:3].lower() == "now" else None


def add_months(instant: datetime, months: int) -> datetime:
    """Return `instant` moved by whole months, days past a month's end rolling into the next."""
    year, month = divmod(instant.year * 12 + instant.month - 1 + months, 12)
    first = instant.replace(year=year, month=month + 1, day=1)
    return first + timedelta(days=instant.day - 1)


def whole_second(instant: datetime) -> datetime:
    """Return `instant` without its fraction of a second: dates are compared at whole seconds."""
    # Subtracting is four times as quick as `replace`.
    return instant - timedelta(microseconds=instant.microsecond) if instant.microsecond else instant


def _shift_of(count: int, unit: str) -> Shift | None:
    if unit in _MONTHS:
        months = count * _MONTHS[unit]
        return Shift(months=months) if abs(months) <= MAX_YEARS * 12 else None
    if unit in _SECONDS:
        seconds = count * _SECONDS[unit]
        return Shift(seconds=seconds) if abs(seconds) <= MAX_YEARS * 31_557_600 else None
    return None
