"""Which of the values that events said is the one that a profile shows."""

from collections.abc import Iterable, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from coterie.flow.profiles.operators import operator
from coterie.flow.profiles.ordering import sort_key
from coterie.model.hours import show_hour
from coterie.model.schema import TALLY_KIND, Field

T = TypeVar("T")

# Operators to which every value counts; of those the newest are told.
_ALL_COUNT = frozenset({"sum", "count"})
NEWEST_TOLD = 5
_PER_KEY = {"oldestmap": "oldest", "mapmax": "max", "mapmin": "min"}


class Said(NamedTuple, Generic[T]):
    """What an event said of a field: the value, when, and what is known of the event."""

    value: Any
    at_us: int
    event: T


class Chosen(NamedTuple, Generic[T]):
    """A part of what is shown ("" for the only value), with the saying that it is."""

    part: str
    said: Said[T]


def choose_origins(
    field: Field, said: Sequence[Said[T]], shown: Any
) -> tuple[list[Chosen[T]], bool]:
    """Return which sayings are what is `shown` of a field; whether they are all of it.

    Of a set each member comes from the event that named it last, of a map each key from the event
    that its operator prefers; of sums and counts the newest contributions are told.
    """
    if field.op in _ALL_COUNT:
        newest = sorted(said, key=lambda one: one.at_us, reverse=True)[:NEWEST_TOLD]
        return [Chosen("", one) for one in newest], _folds_to(field, said, shown)
    if field.op in ("latest", "oldest", "max", "min"):
        best = _best(field.op, said)
        matches = best is not None and best.value == shown
        return ([Chosen("", best)] if best is not None and matches else []), matches
    parts: dict[str, list[Said[T]]] = {}
    for one in said:
        for part, value in _parts(field, one.value):
            parts.setdefault(part, []).append(Said(value, one.at_us, one.event))
    wanted = [part for part, _ in _parts(field, shown)]
    op = _PER_KEY.get(field.op, "latest")
    found = [
        Chosen(part, best)
        for part in wanted
        if (best := _best(op, parts.get(part, ()))) is not None
    ]
    whole = len(found) == len(wanted)
    if field.op == "mapsum" or field.kind == TALLY_KIND:
        whole = _folds_to(field, said, shown)
    return found, whole


def _best(op: str, said: Iterable[Said[T]]) -> Said[T] | None:
    """Return the saying that the operator prefers; ties go to the greater value, as in a fold."""
    if op in ("max", "min"):
        ranked = sorted(said, key=lambda one: (sort_key(one.value), one.at_us))
    else:
        ranked = sorted(said, key=lambda one: (one.at_us, sort_key(one.value)))
    if not ranked:
        return None
    return ranked[-1] if op in ("latest", "max") else ranked[0]


def _parts(field: Field, value: Any) -> list[tuple[str, Any]]:
    """Return a set's members or a map's entries by the text that names them."""
    if isinstance(value, dict):
        is_tally = field.kind == TALLY_KIND
        return [
            (show_hour(key) if is_tally and isinstance(key, int) else str(key), item)
            for key, item in value.items()
        ]
    members = value if isinstance(value, list) else [value]
    return [(str(member), member) for member in members]


def _folds_to(field: Field, said: Sequence[Said[T]], shown: Any) -> bool:
    """Say whether the sayings make what is shown, so that none is missing."""
    merge, state = operator(field), None
    for one in said:
        state = merge.fold(state, one.value, one.at_us)
    return state is not None and bool(merge.view(state) == shown)
