"""What is kept of the occurrences of one kind of event: bounded, and a function of their set.

Whatever drops out of the newest n of a part drops out of the newest n of the whole, so `combine` is
associative and commutative over disjoint sets of occurrences (docs/decisions/0015).
"""

from bisect import insort
from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from coterie.base import exact

MOST_KEPT = 100
MOST_DAYS = 400
DAY_US = 86_400_000_000
LONGEST_TEXT = 256
# Sums stay exact within this range (see base.exact).
LARGEST_NUMBER = 10.0**15


class Bounds(Struct, frozen=True):
    """How many of the newest occurrences are kept one by one, and of how many older days totals."""

    kept: int = MOST_KEPT
    days: int = MOST_DAYS


class Occurrence(Struct, frozen=True, array_like=True, gc=False):
    """One event: its time in microseconds, its place in the log, its value if one is asked for."""

    at_us: int
    lane: int
    seq: int
    value: Any = None


class Totals(Struct, frozen=True, array_like=True, gc=False):
    """Of several occurrences: how many, and of the numbers among them count, sum, extremes."""

    count: int = 0
    numbers: int = 0
    total: exact.Total = 0
    low: int | float = 0
    high: int | float = 0


class Older(Struct, frozen=True, array_like=True, gc=False):
    """Totals of all that lies before the days that are kept, with the first and the last day."""

    totals: Totals
    first_day: int
    last_day: int


class History(Struct, frozen=True, array_like=True, gc=False):
    """`kept` are the newest occurrences, oldest first; `days` maps days since 1970 (UTC) to totals.

    `first` is the first occurrence of all, once it is not kept otherwise. `is_filled` says that the
    occurrences from before the tracker are in it.
    """

    is_filled: bool = False
    kept: tuple[Occurrence, ...] = ()
    first: Occurrence | None = None
    days: dict[int, Totals] = {}
    older: Older | None = None


EMPTY = History()


def number_in(value: object) -> int | float | None:
    """Return the number that a kept value is, None for all others."""
    if value.__class__ is int or value.__class__ is float:
        return value
    return None


def combine(one: History, other: History, bounds: Bounds) -> History:
    """Return the history of two disjoint sets of occurrences together."""
    kept = sorted((*one.kept, *other.kept), key=_place)
    merged = History(
        one.is_filled and other.is_filled,
        tuple(kept),
        _earliest(one.first, other.first),
        _add_days(one.days, other.days),
        _add_older(one.older, other.older),
    )
    return _within(merged, bounds)


def add(history: History, occurrence: Occurrence, bounds: Bounds) -> History:
    """Return the history with one more occurrence in it."""
    kept = list(history.kept)
    insort(kept, occurrence, key=_place)
    return _within(replace(history, kept=tuple(kept)), bounds)


def _within(history: History, bounds: Bounds) -> History:
    """Return the history with what exceeds the bounds moved to the coarser parts."""
    excess = len(history.kept) - bounds.kept
    if excess <= 0 and len(history.days) <= bounds.days:
        return history
    days = dict(history.days)
    gone = history.kept[: max(excess, 0)]
    for occurrence in gone:
        day = occurrence.at_us // DAY_US
        days[day] = _add_totals(days.get(day), _totals_of(occurrence))
    older = history.older
    for day in sorted(days)[: -bounds.days]:
        older = _add_older(older, Older(days.pop(day), day, day))
    first = _earliest(history.first, gone[0] if gone else None)
    return History(history.is_filled, history.kept[len(gone) :], first, days, older)


def _place(occurrence: Occurrence) -> tuple[int, int, int]:
    return occurrence.at_us, occurrence.lane, occurrence.seq


def _earliest(one: Occurrence | None, other: Occurrence | None) -> Occurrence | None:
    if one is None or other is None:
        return one or other
    return min(one, other, key=_place)


def _totals_of(occurrence: Occurrence) -> Totals:
    number = number_in(occurrence.value)
    if number is None:
        return Totals(1)
    return Totals(1, 1, exact.add(None, number), number, number)


def _add_totals(one: Totals | None, other: Totals) -> Totals:
    if one is None:
        return other
    if not one.numbers or not other.numbers:
        numeric = one if one.numbers else other
        return replace(numeric, count=one.count + other.count)
    return Totals(
        one.count + other.count,
        one.numbers + other.numbers,
        exact.combine(one.total, other.total),
        min(one.low, other.low, key=_by_size),
        max(one.high, other.high, key=_by_size),
    )


def _by_size(number: float) -> tuple[float, bool]:
    # 1 and 1.0 are equal and not the same; which of them stays must not depend on the order.
    return number, isinstance(number, float)


def _add_days(one: Mapping[int, Totals], other: Mapping[int, Totals]) -> dict[int, Totals]:
    days = dict(one)
    for day, totals in other.items():
        days[day] = _add_totals(days.get(day), totals)
    return days


def _add_older(one: Older | None, other: Older | None) -> Older | None:
    if one is None or other is None:
        return one or other
    return Older(
        _add_totals(one.totals, other.totals),
        min(one.first_day, other.first_day),
        max(one.last_day, other.last_day),
    )
