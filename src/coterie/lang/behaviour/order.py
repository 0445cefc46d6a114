"""Whether things happened one after the other."""

from bisect import bisect_left
from collections.abc import Sequence

from coterie.lang.behaviour.history import Occurrence

Place = tuple[int, int, int]
SECOND_US = 1_000_000


def happened_in_order(steps: Sequence[Sequence[Occurrence]], span: int | None) -> bool:
    """Say whether there is an occurrence of each step, each later than the one before.

    Of two at the same instant the one that came in later is later; no occurrence is two steps.
    `span` is how many seconds may pass from the first to the last.
    """
    places = [[_place(occurrence) for occurrence in step] for step in steps]
    # From a last step backwards, the latest choice for each step leaves most to those before it.
    return any(_leads_back(places[:-1], last, span) for last in reversed(places[-1]))


def _leads_back(places: list[list[Place]], last: Place, span: int | None) -> bool:
    here = last
    for step in reversed(places):
        index = bisect_left(step, here) - 1
        if index < 0:
            return False
        here = step[index]
    return span is None or last[0] // SECOND_US - here[0] // SECOND_US <= span


def _place(occurrence: Occurrence) -> Place:
    return occurrence.at_us, occurrence.lane, occurrence.seq
