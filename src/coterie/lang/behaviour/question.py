"""What can be asked about the history of a person, and the answers."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from coterie.base import exact
from coterie.lang.behaviour.functions import BEHAVIOUR
from coterie.lang.behaviour.history import EMPTY, History, Occurrence, number_in
from coterie.lang.behaviour.order import happened_in_order
from coterie.lang.behaviour.window import Part, cut, make_window, time_of, turning_points
from coterie.lang.expr.values import kind_of, to_time

Row = Mapping[str, object]


class HistoryQuestion(Struct, frozen=True):
    """A question by the function `name` about what the row holds under `trackers`.

    `span` is how many seconds the steps of `did_within` may take from the first to the last.
    """

    name: str
    trackers: tuple[str, ...]
    span: int | None = None

    @property
    def reads(self) -> tuple[str, ...]:
        """The keys of the row that decide the answer."""
        return self.trackers

    @property
    def kinds(self) -> frozenset[str] | None:
        """The kinds that the answer may have, as fields have them; None for any."""
        function = BEHAVIOUR[self.name]
        if function.is_truth:
            return frozenset({"bool"})
        if function.is_instant:
            return frozenset({"date"})
        return None if self.name in _OF_EVENTS else frozenset({"int", "number"})

    def answer(self, row: Row, now: datetime, *edges: object) -> object:
        """Return the answer at `now`, None for no value; `edges` are since when and until when."""
        parts = self._cut(row, now, edges)
        if parts is None:
            return None
        if self.name in ANSWERS:
            return ANSWERS[self.name](parts[0])
        return happened_in_order([part.kept for part in parts], self.span)

    def is_exact(self, row: Row, now: datetime, *edges: object) -> bool:
        """Say whether the answer is that of the whole history, as against what is kept of it."""
        parts = self._cut(row, now, edges) or ()
        return all(_is_exact(self.name, part) for part in parts)

    def turning_points(
        self, row: Row, after: int, *, of_start: bool, most: int | None = None
    ) -> list[int]:
        """Return the seconds after `after` at which an edge of the window changes what counts."""
        found = [
            turning_points(_history(row, name), after, of_start=of_start, most=most)
            for name in self.trackers
        ]
        return (
            found[0] if len(found) == 1 else sorted({second for each in found for second in each})
        )

    def _cut(self, row: Row, now: datetime, edges: Sequence[object]) -> list[Part] | None:
        instants = [to_time(edge, now) for edge in edges]
        if None in instants:
            return None
        since, until = (*instants, None, None)[:2]
        window = make_window(since, until or now)
        return [cut(_history(row, name), window) for name in self.trackers]


def _history(row: Row, name: str) -> History:
    found = row.get(name)
    return found if isinstance(found, History) else EMPTY


def _count(part: Part) -> int:
    return len(part.kept) + sum(totals.count for totals in part.totals)


def _did(part: Part) -> bool:
    return part.first is not None or bool(part.kept) or _count(part) > 0


def _numbers(part: Part) -> list[int | float]:
    found = (number_in(occurrence.value) for occurrence in part.kept)
    return [number for number in found if number is not None]


def _sum(part: Part) -> int | Decimal:
    total: exact.Total = 0
    for number in _numbers(part):
        total = exact.add(total, number)
    for totals in part.totals:
        total = exact.combine(total, totals.total)
    return exact.view(total)


def _average(part: Part) -> float | None:
    count = len(_numbers(part)) + sum(totals.numbers for totals in part.totals)
    return float(_sum(part) / count) if count else None


def _least(part: Part) -> int | float | None:
    lows = [totals.low for totals in part.totals if totals.numbers]
    return min([*_numbers(part), *lows], default=None)


def _greatest(part: Part) -> int | float | None:
    highs = [totals.high for totals in part.totals if totals.numbers]
    return max([*_numbers(part), *highs], default=None)


def _distinct(part: Part) -> int:
    # True equals 1 in Python, and is another value to people.
    values = (occurrence.value for occurrence in part.kept)
    return len({(kind_of(value) == "bool", value) for value in values})


def _last(part: Part) -> Occurrence | None:
    return part.kept[-1] if part.kept else part.first


def _value(occurrence: Occurrence | None) -> object:
    return None if occurrence is None else occurrence.value


def _time(occurrence: Occurrence | None) -> datetime | None:
    return None if occurrence is None else time_of(occurrence)


ANSWERS: dict[str, Callable[[Part], object]] = {
    "did": _did,
    "count_of": _count,
    "sum_of": _sum,
    "average_of": _average,
    "min_of": _least,
    "max_of": _greatest,
    "distinct_of": _distinct,
    "first_of": lambda part: _value(part.first),
    "last_of": lambda part: _value(_last(part)),
    "first_time_of": lambda part: _time(part.first),
    "last_time_of": lambda part: _time(_last(part)),
}
_NEWEST = frozenset({"last_of", "last_time_of"})
_FIRST = frozenset({"first_of", "first_time_of"})
_OF_EVENTS = frozenset({"first_of", "last_of"})
_WHOLE = frozenset({"sum_of", "count_of", "average_of", "min_of", "max_of"})


def _is_exact(name: str, part: Part) -> bool:
    if part.is_exact and (not part.totals or name in _WHOLE):
        return True
    if name == "did":
        return part.is_exact or bool(part.kept) or part.is_first_known
    return (name in _NEWEST and bool(part.kept)) or (name in _FIRST and part.is_first_known)
