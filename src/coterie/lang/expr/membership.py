"""Whether two lists share an item, in time proportional to the lists."""

from collections.abc import Callable, Sequence
from datetime import datetime

from coterie.lang.expr.values import NULL, same, show, to_int, to_number


def shares_an_item(items: Sequence[object], others: Sequence[object], now: datetime) -> bool:
    """Say whether an item of one list is the `same` as one of the other."""
    # Texts, whole numbers and broken ones compare with one reading of the others; it is made once.
    readings = {
        str: _Reading(show, others),
        int: _Reading(to_int, others),
        float: _Reading(to_number, others),
    }
    for item in items:
        reading = readings.get(item.__class__)
        if reading is not None:
            if reading.holds(item):
                return True
        elif any(same(item, other, now) is True for other in others):
            return True
    return False


class _Reading:
    """The items of a list read in one way, when first asked for."""

    def __init__(self, read: Callable[[object], object], others: Sequence[object]) -> None:
        self._read = read
        self._others = others
        self._known: frozenset[object] | None = None

    def holds(self, item: object) -> bool:
        if self._known is None:
            there = (other for other in self._others if other is not None and other is not NULL)
            self._known = frozenset(map(self._read, there)) - {None}
        return item in self._known
