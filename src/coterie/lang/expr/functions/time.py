"""Functions over dates and times, all in UTC."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from coterie.lang.expr.datemath import parse_literal
from coterie.lang.expr.dates import (
    epoch_microseconds,
    epoch_milliseconds,
    epoch_seconds,
    parse_date,
    parse_date_in,
    read_date,
)
from coterie.lang.expr.functions.registry import ABSENT, EXAMPLE_NOW, Catalogue, Example, Row
from coterie.lang.expr.go_layout import parse_layout
from coterie.lang.expr.tree import Call, Text
from coterie.lang.expr.values import ClockText, aware, strict_number, to_text

CATALOGUE = Catalogue()
_DIRECTIVES = re.compile(r"%([aAbBdfHIjmMpSyYwUWcxXZz%])")


def _instant(value: object, now: datetime) -> datetime | None:
    if value.__class__ is str:
        return parse_date(value)
    if isinstance(value, datetime):
        return aware(value).astimezone(UTC)
    if isinstance(value, ClockText):
        return value.shift.apply(now)
    text = to_text(value)
    return None if text is None else parse_date(text)


@CATALOGUE.add("now()", of_world=True, clock="instant", example=Example("now()", EXAMPLE_NOW))
def _now(_row: Row, now: datetime) -> datetime:
    """Return the time of the event, or in a filter the present."""
    return now


@CATALOGUE.add(
    "todate([layout], date)",
    of_world=True,
    clock="dates",
    of_text=read_date,
    example=Example('todate("02/01/2006", "30/04/2026")', datetime(2026, 4, 30, tzinfo=UTC)),
)
def _todate(_row: Row, now: datetime, value: object, date: object = ABSENT) -> datetime | None:
    """Return a date; with two arguments the first is a Go layout such as "02/01/2006".

    Without a layout the usual forms are recognised, the month first where it is ambiguous.
    """
    if date is ABSENT:
        return parse_date(value) if value.__class__ is str else _instant(value, now)
    layout, text = to_text(value), to_text(date)
    return None if layout is None or text is None else parse_layout(layout, text)


def _check_zone(call: Call) -> str | None:
    zone = call.args[1]
    if not isinstance(zone, Text):
        return 'the second argument of todatein is a place in quotes, as "America/Los_Angeles"'
    if _zone(zone.value) is None:
        return f"{zone.value!r} is no time zone"
    first = call.args[0]
    if isinstance(first, Text) and first.value[:3].lower() == "now":
        return None if parse_literal(first.value) else f"{first.value!r} is no date math"
    return None


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


@CATALOGUE.add(
    "todatein(date, zone)",
    of_world=True,
    clock="dates",
    check=_check_zone,
    example=Example(
        'todatein("2026-03-14 09:00", "America/Los_Angeles")', datetime(2026, 3, 14, 16, tzinfo=UTC)
    ),
)
def _todatein(_row: Row, now: datetime, date: object, zone: object) -> datetime | None:
    """Return a date that was written in a zone such as "America/Los_Angeles"."""
    if isinstance(date, ClockText | datetime):
        return _instant(date, now)
    text, place = to_text(date), _zone(str(zone))
    return None if text is None or place is None else parse_date_in(text, place)


@CATALOGUE.add(
    "totimestamp(date)",
    of_world=True,
    clock="dates",
    example=Example('totimestamp("2026-03-14")', 1773446400),
)
def _totimestamp(_row: Row, now: datetime, date: object) -> int | None:
    """Return a date as seconds since 1970."""
    instant = _instant(date, now)
    return None if instant is None else epoch_seconds(instant)


@CATALOGUE.add(
    "epochms([date])",
    of_world=True,
    clock="other",
    example=Example('epochms("2026-03-14")', 1773446400000),
)
def _epochms(_row: Row, now: datetime, date: object = ABSENT) -> int | None:
    """Return a date, by default the event's time, as milliseconds since 1970."""
    instant = now if date is ABSENT else _instant(date, now)
    return None if instant is None else epoch_milliseconds(instant)


def _add_calendar(names: tuple[str, ...], doc: str, read: Callable[[datetime], int]) -> None:
    def run(_row: Row, now: datetime, date: object = ABSENT) -> int | None:
        instant = now.astimezone(UTC) if date is ABSENT else _instant(date, now)
        return None if instant is None else read(instant)

    run.__doc__ = doc
    name, *aliases = names
    CATALOGUE.add(
        f"{name}([date])",
        *aliases,
        of_world=True,
        clock="calendar",
        example=Example(f"{name}()", read(EXAMPLE_NOW)),
    )(run)


def _weekday(instant: datetime) -> int:
    return instant.isoweekday() % 7


_add_calendar(
    ("yy",),
    "Return the year without its century, by default the event's.",
    lambda instant: instant.year % 100 if instant.year >= 1900 else instant.year,
)
_add_calendar(
    ("mm", "monthofyear"),
    "Return the month, 1 to 12, by default the event's.",
    lambda instant: instant.month,
)
_add_calendar(("dayofweek",), "Return the weekday, 0 for Sunday, by default the event's.", _weekday)
_add_calendar(
    ("hourofday",),
    "Return the hour, 0 to 23, by default the event's.",
    lambda instant: instant.hour,
)
_add_calendar(
    ("hourofweek",),
    "Return the hour since Sunday's midnight, by default the event's.",
    lambda instant: _weekday(instant) * 24 + instant.hour,
)


@CATALOGUE.add("yymm([date])", of_world=True, clock="calendar", example=Example("yymm()", "2603"))
def _yymm(_row: Row, now: datetime, date: object = ABSENT) -> str | None:
    """Return year and month as four digits, by default the event's."""
    instant = now.astimezone(UTC) if date is ABSENT else _instant(date, now)
    return None if instant is None else f"{instant.year % 100:02}{instant.month:02}"


@CATALOGUE.add("seconds(value)", example=Example('seconds("10:30")', 630.0))
def _seconds(value: object) -> float | None:
    """Return a length such as "10:30" or "M10:30" as seconds, a date as seconds since 1970."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) if abs(value) < 10**300 else None
    if not isinstance(value, str):
        return None
    date = parse_date(value)
    if date is not None:
        return float(epoch_seconds(date))
    minutes, colon, rest = value.removeprefix("M").partition(":")
    if not colon:
        number = strict_number(minutes)
        return None if number is None else float(number)
    total = 60 * (strict_number(minutes) or 0) + (strict_number(rest) or 0)
    return float(total) if total > 0 else None


@CATALOGUE.add(
    "extract(date, form)",
    "strftime",
    of_world=True,
    clock="dates",
    example=Example('extract("2026-03-14", "%B %d")', "March 14"),
)
def _extract(_row: Row, now: datetime, date: object, form: object) -> str | None:
    """Return a date written by a form such as "%Y-%m-%d"."""
    instant = _instant(date, now)
    if instant is None or not isinstance(form, str):
        return None
    moment = instant
    return _DIRECTIVES.sub(lambda found: moment.strftime(found.group()), form)


@CATALOGUE.add(
    "unixtrunc(date, [precision])",
    of_world=True,
    clock="dates",
    example=Example('unixtrunc("2026-03-14 00:00:00.250", "ms")', "1773446400250"),
)
def _unixtrunc(_row: Row, now: datetime, date: object, precision: object = ABSENT) -> str | None:
    """Return a date as a text of seconds since 1970.

    The precision "ms" gives milliseconds, "s" seconds with milliseconds after the point, "sm"
    seconds with microseconds after the point.
    """
    instant = _instant(date, now)
    if instant is None:
        return None
    if precision is ABSENT:
        return str(epoch_seconds(instant))
    match to_text(precision):
        case "s" | "seconds":
            return _with_fraction(epoch_milliseconds(instant), 3)
        case "ms" | "milliseconds":
            return str(epoch_milliseconds(instant))
        case "sm" | "secondsmicro":
            return _with_fraction(epoch_microseconds(instant), 6)
        case _:
            return None


def _with_fraction(count: int, digits: int) -> str:
    whole, fraction = divmod(abs(count), 10**digits)
    return f"{'-' if count < 0 else ''}{whole}.{fraction:0{digits}}"
