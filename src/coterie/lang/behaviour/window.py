"""The part of a history that lies in a window of time.

A window is closed on both sides and compared at whole seconds. What is kept as totals of a day
counts where any part of that day does; what is kept as one total counts only as a whole.
"""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from coterie.base.clock import from_us
from coterie.lang.behaviour.history import DAY_US, History, Occurrence, Totals
from coterie.lang.expr.dates import epoch_seconds

SECOND_US = 1_000_000
_DAY_SECONDS = DAY_US // SECOND_US


class Window(Struct, frozen=True):
    """From `start` up to and without `end`, in microseconds; no start means from the beginning."""

    start: int | None
    end: int

    def holds(self, occurrence: Occurrence) -> bool:
        """Say whether an occurrence lies in the window."""
        return (self.start is None or self.start <= occurrence.at_us) and (
            occurrence.at_us < self.end
        )


class Part(Struct, frozen=True):
    """What of a history lies in a window: occurrences, oldest first, and totals of older ones.

    `first` is the earliest occurrence that is known to lie in it, which is the first one of all in
    it if `is_first_known`. `is_exact` says that no totals are cut by the window's edges.
    """

    kept: tuple[Occurrence, ...]
    totals: tuple[Totals, ...]
    first: Occurrence | None
    is_exact: bool
    is_first_known: bool = True


def make_window(since: datetime | None, until: datetime) -> Window:
    """Return the window between two instants, both included."""
    start = None if since is None else epoch_seconds(since) * SECOND_US
    return Window(start, (epoch_seconds(until) + 1) * SECOND_US)


def cut(history: History, window: Window) -> Part:
    """Return what of a history lies in a window."""
    kept = history.kept
    low = 0 if window.start is None else bisect_left(kept, window.start, key=_at)
    high = bisect_left(kept, window.end, key=_at)
    inside = kept[low:high]
    first = history.first
    if first is None:  # nothing has dropped out
        return Part(inside, (), inside[0] if inside else None, is_exact=True)
    totals, is_exact = _cut_totals(history, window)
    if window.holds(first):
        return Part(inside, totals, first, is_exact)
    is_first_known = is_exact and not totals
    return Part(inside, totals, inside[0] if inside else None, is_exact, is_first_known)


def turning_points(
    history: History, after: int, *, of_start: bool, most: int | None = None
) -> list[int]:
    """Return the seconds after `after` at which an edge changes what lies in a window, rising.

    It changes as the edge, the start of the window or else its end, reaches such a second. `most`:
    only so many of the earliest are asked for.
    """
    # The start leaves an occurrence behind a second later than the end takes it in.
    leaving = 1 if of_start else 0
    low = bisect_left(history.kept, (after + 1 - leaving) * SECOND_US, key=_at)
    seconds = _distinct(history.kept[low:], leaving, most)
    if history.first is None:
        return seconds
    edges = {(day + leaving) * _DAY_SECONDS for day in history.days}
    edges.add(history.first.at_us // SECOND_US + leaving)
    if history.older is not None and not of_start:
        # The start leaves these behind with the first occurrence, which is the oldest of them.
        edges.add((history.older.last_day + 1) * _DAY_SECONDS - 1)
    return sorted({second for second in edges if second > after}.union(seconds))


def _distinct(kept: Sequence[Occurrence], leaving: int, most: int | None) -> list[int]:
    """Return the different seconds of occurrences, `leaving` later, rising; at most `most`."""
    found: list[int] = []
    for occurrence in kept:
        second = occurrence.at_us // SECOND_US + leaving
        if found and found[-1] == second:
            continue
        if len(found) == most:
            break
        found.append(second)
    return found


def time_of(occurrence: Occurrence) -> datetime:
    """Return when it happened."""
    return from_us(occurrence.at_us)


def _at(occurrence: Occurrence) -> int:
    return occurrence.at_us


def _cut_totals(history: History, window: Window) -> tuple[tuple[Totals, ...], bool]:
    found: list[Totals] = []
    is_exact = True
    # What is in the totals lies between the first occurrence and the oldest that is kept.
    earliest = history.first.at_us if history.first is not None else 0
    latest = history.kept[0].at_us
    for day, totals in history.days.items():
        begin, end = max(day * DAY_US, earliest), min((day + 1) * DAY_US, latest + 1)
        if _meets(window, begin, end):
            found.append(totals)
            is_exact = is_exact and _takes_in(window, begin, end)
    older = history.older
    if older is not None:
        begin = max(older.first_day * DAY_US, earliest)
        end = min((older.last_day + 1) * DAY_US, latest + 1)
        if _takes_in(window, begin, end):
            found.append(older.totals)
        else:
            is_exact = is_exact and not _meets(window, begin, end)
    return tuple(found), is_exact


def _meets(window: Window, begin: int, end: int) -> bool:
    return (window.start is None or window.start < end) and begin < window.end


def _takes_in(window: Window, begin: int, end: int) -> bool:
    return (window.start is None or window.start <= begin) and end <= window.end
