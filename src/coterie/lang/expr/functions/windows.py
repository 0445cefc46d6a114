"""Functions over times that are counted by the hour."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from coterie.base.clock import from_us, to_us
from coterie.lang.expr.dates import parse_date
from coterie.lang.expr.functions.registry import ABSENT, Catalogue, Example, Row
from coterie.lang.expr.tree import Call, Node, Number
from coterie.lang.expr.values import aware, items_of, kind_of, to_int, to_time
from coterie.model.hours import HOUR_US, hour_of, show_hour

CATALOGUE = Catalogue()
LARGEST_COUNT = 1_000_000
MOST_DAYS = 3_650
_VISITS = {
    "2026-03-14T09:00:00Z": 2,
    "2026-03-10T20:00:00Z": 1,
    "2026-02-01T08:00:00Z": 5,
}


@CATALOGUE.add(
    "timebucket([date])",
    of_world=True,
    clock="other",
    example=Example(
        "timebucket(todate(ts))", {"2026-03-14T09:00:00Z": 1}, {"ts": "2026-03-14 09:41"}
    ),
)
def _timebucket(_row: Row, now: datetime, date: object = ABSENT) -> dict[str, int] | None:
    """Return a map that counts a date, or each of a list, under its hour; by default the event's.

    It makes fields of kind `[]timebucket`, which add the counts up; `timewindow` asks them.
    """
    given = [now] if date is ABSENT else _dates(date, now)
    counts: dict[str, int] = {}
    for instant in given:
        hour = show_hour(hour_of(instant))
        counts[hour] = counts.get(hour, 0) + 1
    return counts or None


@CATALOGUE.add(
    "totimeset(value, ...)",
    of_world=True,
    clock="dates",
    example=Example(
        'totimeset(split("2026-03-14,2026-03-01", ","))',
        [datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 14, tzinfo=UTC)],
    ),
)
def _totimeset(_row: Row, now: datetime, value: object, *more: object) -> list[datetime] | None:
    """Return the distinct dates of the arguments, earliest first; what is no date is left out."""
    return sorted({date for each in (value, *more) for date in _dates(each, now)}) or None


def _check_window(call: Call) -> str | None:
    _, count, days = call.args
    if not _is_whole(count, LARGEST_COUNT):
        return f"the second argument of timewindow is a number of times, 1 to {LARGEST_COUNT:,}"
    if not _is_whole(days, MOST_DAYS):
        return f"the third argument of timewindow is a number of days, 1 to {MOST_DAYS:,}"
    return None


def _is_whole(node: Node, most: int) -> bool:
    return isinstance(node, Number) and isinstance(node.value, int) and 1 <= node.value <= most


def _next_turn(now: datetime, buckets: object, count: object, days: object) -> datetime | None:
    """Return the next instant at which another side of `count` is reached."""
    counted, least, span = _counts(buckets), to_int(count), _span(days)
    if counted is None or least is None or span is None:
        return None
    present = to_us(now)
    # What comes and goes later, by instant; the rest is in the window now, or gone for good.
    steps: dict[int, int] = {}
    total = 0
    for hour, number in counted:
        start, end = hour * HOUR_US, hour * HOUR_US + span
        if start > present:
            steps[start] = steps.get(start, 0) + number
        elif end > present:
            total += number
        if end > present:
            steps[end] = steps.get(end, 0) - number
    answer = total >= least
    for instant in sorted(steps):
        total += steps[instant]
        if (total >= least) is not answer:
            return _instant(instant)
    return None


@CATALOGUE.add(
    "timewindow(buckets, count, days)",
    of_world=True,
    check=_check_window,
    flip=_next_turn,
    example=Example("timewindow(visits, 3, 7)", True, {"visits": _VISITS}),
)
def _timewindow(
    _row: Row, now: datetime, buckets: object, count: object, days: object
) -> bool | None:
    """Return whether something happened at least so many times in the last so many days.

    The field is of kind `[]timebucket`; a list of dates will do. Times are counted by the hour
    that they fall into: an hour counts from its beginning on, for exactly that many days. False
    when the field is missing.
    """
    counted, least, span = _counts(buckets), to_int(count), _span(days)
    if counted is None or least is None or span is None:
        return None
    present = to_us(now)
    since = present - span
    return sum(number for hour, number in counted if since < hour * HOUR_US <= present) >= least


def _counts(buckets: object) -> list[tuple[int, int]] | None:
    """Return hours with how often; no field is no hours, and None for what is neither."""
    match kind_of(buckets):
        case "map":
            return list(_pairs(buckets))
        case "list" | "time":
            items = items_of(buckets) if kind_of(buckets) == "list" else [buckets]
            read = (_date(item) for item in items)
            return [(hour_of(date), 1) for date in read if date is not None]
        case _:
            return [] if buckets is None else None


def _pairs(buckets: object) -> Iterator[tuple[int, int]]:
    if not isinstance(buckets, Mapping):
        return
    for key, number in buckets.items():
        date, times = _date(key), to_int(number)
        if date is not None and times is not None and times > 0:
            yield hour_of(date), times


def _date(value: object) -> datetime | None:
    if isinstance(value, datetime):
        return aware(value)
    return parse_date(value) if isinstance(value, str) else None


def _dates(value: object, now: datetime) -> Iterator[datetime]:
    items = items_of(value) if kind_of(value) == "list" else [value]
    for item in items:
        found = to_time(item, now)
        if found is not None:
            yield aware(found).astimezone(UTC)


def _span(days: object) -> int | None:
    """Return days as microseconds."""
    number = to_int(days)
    return number * 24 * HOUR_US if number is not None and 0 < number <= MOST_DAYS else None


def _instant(microseconds: int) -> datetime | None:
    try:
        return from_us(microseconds)
    except OverflowError:  # nobody waits for the year 10000
        return None
