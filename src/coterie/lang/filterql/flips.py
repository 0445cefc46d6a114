"""The instants at which a filter's answer may change with no new data."""

import itertools
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from coterie.base.clock import from_us
from coterie.lang.expr.clock import Watch, find_watches
from coterie.lang.expr.datemath import Shift, add_months, whole_second
from coterie.lang.expr.dates import epoch_seconds
from coterie.lang.expr.interpret import World, evaluate, foretold_turn
from coterie.lang.expr.tree import Call, Node
from coterie.lang.expr.values import aware, items_of, kind_of, to_time

_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)
# Months differ by up to three days in length, so a date is reached within these days of where
# plain calendar arithmetic would put it.
_CALENDAR_SLACK = 5
_SHORTEST_MONTH = 28


def watches_of(tree: Node, includes: Mapping[str, Node]) -> tuple[Watch, ...]:
    """Return all reasons to look again at a filter with what it includes."""
    found = {
        watch: None
        for node in (tree, *includes.values())
        for watch in find_watches(node)
        if isinstance(watch, Watch)
    }
    return tuple(found)


def next_look(
    watches: tuple[Watch, ...], row: Mapping[str, object], now: datetime
) -> datetime | None:
    """Return the earliest instant after `now` at which one of the watches may fire, or None."""
    return min(
        (instant for watch in watches if (instant := _next(watch, row, now)) is not None),
        default=None,
    )


def asked_turns(
    watches: tuple[Watch, ...], row: Mapping[str, object], now: datetime, *, most: int
) -> list[datetime]:
    """Return the instants after `now` at which what counts for a question may change, rising.

    At most the `most` earliest; all watches are of questions (`asked`).
    """
    found: list[datetime] = []
    for watch in watches:
        asked, shift = watch.asked, watch.shift
        edge = None if shift is None else shift.apply(now)
        if asked is None or shift is None or edge is None:
            continue
        second = epoch_seconds(aware(edge))
        if shift.months:
            # Months may swap the order of instants a little.
            second -= _CALENDAR_SLACK * _DAY // _SECOND
        points = asked.question.turning_points(
            row, second, of_start=watch.of_start, most=None if shift.months else most
        )
        for point in points:
            turns = _turns(from_us(point * 1_000_000), shift)
            # Months have turns that are no whole durations off, the others are met at once.
            found.extend(turns if shift.months else itertools.islice(turns, 1))
    return sorted({instant for instant in found if instant > now})[:most]


def _next(watch: Watch, row: Mapping[str, object], now: datetime) -> datetime | None:
    if watch.shift is None and isinstance(watch.node, Call):
        return foretold_turn(watch.node, World(row, now))
    if watch.node is None or watch.shift is None:
        step = _DAY if watch.daily else timedelta(hours=1)
        start = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        try:
            return (start.replace(hour=0) if watch.daily else start) + step
        except OverflowError:
            return None  # the years that datetime knows are over
    value = evaluate(watch.node, World(row, now))
    dates = items_of(value) if kind_of(value) == "list" else [value]
    turns = (
        turn
        for date in dates
        if (instant := to_time(date, now)) is not None
        for turn in _turns(whole_second(aware(instant)).astimezone(UTC), watch.shift)
        if turn > now
    )
    return min(turns, default=None)


def _turns(date: datetime, shift: Shift) -> Iterator[datetime]:
    """Yield the instants at which now, shifted, begins to equal the date and ceases to."""
    try:
        if not shift.months:
            start = date - timedelta(seconds=shift.seconds)
            yield from (start, start + _SECOND)
            return
        middle = add_months(date, -shift.months)
        if _CALENDAR_SLACK < middle.day <= _SHORTEST_MONTH - _CALENDAR_SLACK:
            # Nowhere near a month's end every day has its namesake in the other month.
            yield from (middle, middle + _SECOND)
            return
        for offset in range(-_CALENDAR_SLACK, _CALENDAR_SLACK + 1):
            yield from _turns_on_day(date, shift, middle + timedelta(days=offset))
    except (OverflowError, ValueError):
        return  # beyond the years that datetime knows, nobody waits


def _turns_on_day(date: datetime, shift: Shift, day: datetime) -> Iterator[datetime]:
    # Within one day the distance to the shifted instant stays the same; it may jump at midnight.
    midnight = day.replace(hour=0, minute=0, second=0, microsecond=0)
    distance = midnight - add_months(midnight, shift.months)
    if distance != midnight - _DAY - add_months(midnight - _DAY, shift.months):
        yield midnight
    start = date + distance
    if midnight <= start < midnight + _DAY:
        yield from (start, start + _SECOND)
