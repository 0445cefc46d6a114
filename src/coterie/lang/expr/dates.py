"""Reading dates that people and machines wrote.

Dates without a zone are UTC. An ambiguous one is read with the month first, as Lytics does.
The common forms are read directly; `dateutil` guesses the rest, and a guess that would have to
borrow a part from today's date is refused, because the answer must not depend on the clock.
"""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache

from dateutil import parser as dateutil_parser

LONGEST_DATE = 64
SECOND = timedelta(seconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# A count of seconds, milliseconds, microseconds or nanoseconds is told by its digits.
_EPOCH_DIGITS = {10: 1, 13: 1_000, 16: 1_000_000, 19: 1_000_000_000}
_DIGIT_LAYOUTS = {4: "%Y", 8: "%Y%m%d", 14: "%Y%m%d%H%M%S"}
_SLASHED = re.compile(
    r"""(?:(?P<m>\d{1,2})[/\-.](?P<d>\d{1,2})[/\-.](?P<y>\d{4}|\d{2})
        |(?P<y2>\d{4})[/.](?P<m2>\d{1,2})(?:[/.](?P<d2>\d{1,2}))?)
        (?:[T ,]+(?P<H>\d{1,2}):(?P<M>\d{2})(?::(?P<S>\d{2})(?:\.(?P<f>\d{1,9}))?)?
        \s*(?P<p>[AaPp][Mm])?)?""",
    re.VERBOSE,
)
_YEAR_MONTH = re.compile(r"(\d{4})-(\d{1,2})")
# A browser writes `GMT+0100 (British Summer Time)`, Go `+0000 UTC`, Java `+01:00[Europe/London]`;
# the offset says it all, and dateutil would take `GMT+0100` the other way round.
_ZONE_NAME = re.compile(
    r"\s*\([^()]*\)$|(?<=[+-]\d{4})\s+[A-Z]{3,4}$|(?:(?<=[+-]\d\d:\d\d)|(?<=Z))\[[\w/+-]+\]$"
)
# Web servers write `04/Mar/2026:05:06:07 +0000`.
_LOG_COLON = re.compile(r"(?<=/\d{4}):(?=\d\d:)")
_EAST_ASIAN = str.maketrans({"年": "-", "月": "-", "日": ""})
_ZONE_SIGN = re.compile(r"(?:GMT|UTC)(?=[+-]\d)")
_WORD = re.compile(r"[^\W\d_]+")
_LONGEST_ZONE = 5
_DATE_WORDS = frozenset(
    """january february march april may june july august september october november december
    jan feb mar apr jun jul aug sep sept oct nov dec
    monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri
    sat sun am pm a p st nd rd th of at t z utc gmt""".split()  # noqa: SIM905 - reads as words
)


class _Century(dateutil_parser.parserinfo):
    """Two-digit years by a fixed rule, where dateutil counts from today's year."""

    def convertyear(self, year: int, century_specified: bool = False) -> int:
        return year if year >= 100 or century_specified else full_year(year)


_GUESSER = dateutil_parser.parser(_Century())
_DEFAULTS = (datetime(2001, 1, 1), datetime(2002, 2, 2))  # noqa: DTZ001 - only dateutil sees them


@lru_cache(maxsize=65_536)
def parse_date(text: str) -> datetime | None:
    """Return the instant that `text` names, aware and in UTC, or None."""
    return _read(text, UTC)


def read_date(text: str) -> datetime | None:
    """Do what `parse_date` does, for those who remember what texts became."""
    return _read(text, UTC)


@lru_cache(maxsize=4_096)
def parse_date_in(text: str, zone: tzinfo) -> datetime | None:
    """Return the instant that `text` names, read in `zone` where it names none itself."""
    return _read(text, zone)


def full_year(year: int) -> int:
    """Return the year that two digits mean: 69 to 99 are 1969 to 1999, as Go reads them."""
    return year + (1900 if year >= 69 else 2000)


def epoch_seconds(instant: datetime) -> int:
    """Return whole seconds since 1970, rounded down."""
    return (instant - _EPOCH) // timedelta(seconds=1)


def epoch_milliseconds(instant: datetime) -> int:
    """Return whole milliseconds since 1970, rounded down."""
    return (instant - _EPOCH) // timedelta(milliseconds=1)


def epoch_microseconds(instant: datetime) -> int:
    """Return whole microseconds since 1970."""
    return (instant - _EPOCH) // timedelta(microseconds=1)


def _read(text: str, zone: tzinfo) -> datetime | None:
    text = text.strip()
    if not 4 <= len(text) <= LONGEST_DATE:
        return None
    try:
        found = _read_known(text) if text[0].isdigit() else None
        found = found or _guess(text)
        if found is None:
            return None
        if found.tzinfo is None:
            found = found.replace(tzinfo=zone)
        return found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _read_known(text: str) -> datetime | None:
    if text.isascii() and text.isdigit():
        return _read_digits(text)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    if (found := _SLASHED.fullmatch(text)) is not None:
        return _from_slashed(found)
    if (found := _YEAR_MONTH.fullmatch(text)) is not None:
        return datetime(int(found[1]), int(found[2]), 1, tzinfo=UTC)
    return None


def _read_digits(text: str) -> datetime | None:
    if len(text) in _EPOCH_DIGITS:
        return _EPOCH + timedelta(microseconds=int(text) * 1_000_000 // _EPOCH_DIGITS[len(text)])
    layout = _DIGIT_LAYOUTS.get(len(text))
    return datetime.strptime(text, layout) if layout else None  # noqa: DTZ007 - zone comes later


def _from_slashed(found: re.Match[str]) -> datetime | None:
    year = int(found["y"] or found["y2"])
    if found["y"] and len(found["y"]) == 2:
        year = full_year(year)
    month, day = int(found["m"] or found["m2"]), int(found["d"] or found["d2"] or 1)
    if month > 12 >= day:
        month, day = day, month
    hour = int(found["H"] or 0)
    if found["p"]:
        hour = hour % 12 + (12 if found["p"].lower() == "pm" else 0)
    micros = int((found["f"] or "0").ljust(6, "0")[:6])
    return datetime(  # noqa: DTZ001 - the caller knows the zone
        year, month, day, hour, int(found["M"] or 0), int(found["S"] or 0), micros
    )


def _guess(text: str) -> datetime | None:
    text = _LOG_COLON.sub(" ", _ZONE_SIGN.sub("", _ZONE_NAME.sub("", text)))
    text = text if text.isascii() else text.translate(_EAST_ASIAN)
    # Most of what is no date is told by its words, a hundred times as quick as by guessing.
    if not any(letter.isdigit() for letter in text) or not all(map(_may_be, _WORD.findall(text))):
        return None
    try:
        one, other = (
            _GUESSER.parse(text, default=default, tzinfos=_zone_of) for default in _DEFAULTS
        )
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return None
    return one if one == other else None


def _may_be(word: str) -> bool:
    return word.lower() in _DATE_WORDS or (word.isupper() and len(word) <= _LONGEST_ZONE)


def _zone_of(name: str | None, offset: int | None) -> tzinfo | None:
    if name is None and offset is None:
        return None
    # Go reads an abbreviation it does not know as UTC, and so do we, instead of this machine's.
    return timezone(timedelta(seconds=offset)) if offset is not None else UTC
