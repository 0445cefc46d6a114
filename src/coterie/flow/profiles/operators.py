"""How the values of a field merge over time: one operator state per field and fragment.

Every operator is associative and commutative over (value, event time), ties broken by value, so
the order of arrival never matters (facts of the merge operators: DESIGN §6). States hold only what
msgpack can carry.
"""

import operator as operator_module
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from coterie.base import exact
from coterie.flow.profiles.containers import MapOperator, Operator, SetOperator, SomeKeys, State
from coterie.flow.profiles.ordering import sort_key
from coterie.flow.profiles.timed import OrderedSetOperator, TallyOperator
from coterie.model.schema import Field

Stamped = tuple[int, Any]
Fold = Callable[[State, Any, int], State]


class ScalarOperator(NamedTuple):
    """`fold(state or None, value, at_us)`, `combine(state, state)` and `view(state)`.

    `face(state)` is what an audience sees of a state: the view, but for the order of a set.
    `differs(before, after)` says whether a fold made another face of it.
    """

    fold: Fold
    combine: Callable[[State, State], State]
    view: Callable[[State], Any]
    face: Callable[[State], Any]
    differs: Callable[[State, State], bool]


def _newer(one: Stamped, other: Stamped) -> Stamped:
    if one[0] != other[0]:
        return one if one[0] > other[0] else other
    return one if sort_key(one[1]) >= sort_key(other[1]) else other


def _older(one: Stamped, other: Stamped) -> Stamped:
    if one[0] != other[0]:
        return one if one[0] < other[0] else other
    return one if sort_key(one[1]) <= sort_key(other[1]) else other


def _stamped(choose: Callable[[Stamped, Stamped], Stamped]) -> ScalarOperator:
    def fold(state: Stamped | None, value: Any, at_us: int) -> Stamped:
        return (at_us, value) if state is None else choose(state, (at_us, value))

    return ScalarOperator(fold, choose, _second, _second, _differs_in_value)


def _fold_latest(state: Stamped | None, value: Any, at_us: int) -> Stamped:
    """Do what `_stamped(_newer)` does; most fields are of this kind, so it is spelled out."""
    if state is None or at_us > state[0]:
        return at_us, value
    return state if at_us < state[0] else _newer(state, (at_us, value))


def _second(state: Stamped) -> Any:
    return state[1]


def _differs_in_value(before: Stamped, after: Stamped) -> bool:
    return before[1] != after[1]  # type: ignore[no-any-return]


def _extreme(choose: Callable[..., Any]) -> ScalarOperator:
    def combine(one: Any, other: Any) -> Any:
        if type(one) is type(other):
            return choose(one, other)
        return choose(one, other, key=sort_key)

    def fold(state: Any, value: Any, _at_us: int) -> Any:
        return value if state is None else combine(state, value)

    return ScalarOperator(fold, combine, _itself, _itself, operator_module.ne)


def _itself(state: Any) -> Any:
    return state


def _fold_sum(state: exact.Total | None, value: Any, _at_us: int) -> exact.Total:
    return exact.add(state, value)


_SUM = ScalarOperator(
    _fold_sum,
    exact.combine,
    exact.view,
    exact.view,
    operator_module.ne,
)
_COUNT = ScalarOperator(
    lambda state, _value, _at: (state or 0) + 1,
    operator_module.add,
    _itself,
    _itself,
    operator_module.ne,
)
_LATEST = _stamped(_newer)._replace(fold=_fold_latest)
_SCALARS = {
    "latest": _LATEST,
    "oldest": _stamped(_older),
    "max": _extreme(max),
    "min": _extreme(min),
    "sum": _SUM,
    "count": _COUNT,
}
_OF_AN_INSTANT = frozenset({"latest", "oldest", "latestmap", "oldestmap"})
_PER_KEY = {
    "latestmap": "latest",
    "oldestmap": "oldest",
    "mapmax": "max",
    "mapmin": "min",
    "mapsum": "sum",
}


def operator(field: Field) -> Operator:
    """Return the operator that `field` asks for, its capacity included."""
    if field.op in _PER_KEY:
        inner = _SCALARS[_PER_KEY[field.op]]
        return MapOperator(inner, field.capacity, newest_counts=field.op == "latestmap")
    if field.op == "merge":
        return _union(field)
    return _SCALARS[field.op]


def _union(field: Field) -> Operator:
    match field.kind:
        case "[]timebucket":
            return TallyOperator(field.capacity)
        case "ts[]string":
            return OrderedSetOperator(field.capacity, of_instants=False)
        case kind:
            return SetOperator(field.capacity, of_instants=kind == "[]time")


def seen_by_keys(field: Field, merge: Operator, keys: frozenset[str] | None) -> SomeKeys | None:
    """Return a map as those see it who read `keys` of it alone; None where it must be whole."""
    if keys is None or field.keep_days is not None or not isinstance(merge, MapOperator):
        return None
    return merge.some(keys)


def senses_time(field: Field, *, is_alone: bool) -> bool:
    """Say whether the view may become another one though a fold leaves the face as it was.

    It may where the instant of a value decides what is shown: after how long, of which members, or
    (unless the fragment is alone in holding the field) of which fragment.
    """
    if field.keep_days is not None:
        return True
    if field.op == "merge":
        is_cut = field.identifier is not None and field.identifier.view_limit is not None
        is_shared = not is_alone and (field.capacity is not None or field.kind == "ts[]string")
        return is_cut or is_shared
    return not is_alone and field.op in _OF_AN_INSTANT


class Step(NamedTuple):
    """How a value of a field is folded; a tuple, since it is taken apart for every value.

    `differs` is None where nobody looks at the field; `is_timed` says that what is shown may depend
    on when a value was said (see `senses_time`).
    """

    fold: Fold
    differs: Callable[[State, State], bool] | None
    is_timed: bool


def fold_values(
    steps: Mapping[int, Step],
    states: dict[int, State],
    values: Iterable[tuple[int, Any]],
    at_us: int,
    changed: set[int],
) -> list[int]:
    """Fold `values` into `states` in place, and add the fields that got another face to `changed`.

    Return the timed fields whose state alone is another one.
    """
    moved: list[int] = []
    for field_id, value in values:
        fold, differs, is_timed = steps[field_id]
        before = states.get(field_id)
        states[field_id] = after = fold(before, value, at_us)
        if differs is None or after is before:
            continue
        if before is None or differs(before, after):
            changed.add(field_id)
        elif is_timed and before != after:
            moved.append(field_id)
    return moved


def first_folds(steps: Mapping[int, Step]) -> dict[int, Fold | None]:
    """Return how the first value of each field is folded; None: it is kept with its instant.

    Most fields keep the latest value, and begin so. Of those that keep the largest or the smallest
    all share `_keep`, since they begin alike.
    """
    extremes = {_SCALARS["max"].fold, _SCALARS["min"].fold}
    usual = {_fold_latest: None, **dict.fromkeys(extremes, _keep)}
    return {field_id: usual.get(step.fold, step.fold) for field_id, step in steps.items()}


def _keep(_state: None, value: Any, _at_us: int) -> Any:
    return value


def begin_values(
    steps: Mapping[int, Step],
    first: Mapping[int, Fold | None],
    values: Sequence[tuple[int, Any]],
    at_us: int,
) -> dict[int, State]:
    """Return the states of a fragment that nothing was said of before; it looks new as a whole.

    `first` are the `first_folds` of `steps`.
    """
    states = {
        field_id: (at_us, value)
        if (fold := first[field_id]) is None
        # Spelled out: a call for each of many fields takes longer than all else.
        else (value if fold is _keep else fold(None, value, at_us))
        for field_id, value in values
    }
    if len(states) < len(values):
        # Something was said of a field more than once.
        states = {}
        fold_values(steps, states, values, at_us, set())
    return states
