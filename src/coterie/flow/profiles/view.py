"""What a profile shows: its fragments folded into one value a field."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial, reduce
from typing import Any, Protocol

import msgspec
from msgspec import Raw

from coterie.base.clock import from_us
from coterie.flow.profiles.ageing import kept, next_ageing
from coterie.flow.profiles.containers import Operator, State
from coterie.flow.profiles.operators import operator, seen_by_keys
from coterie.model.profile import Fragment, unpack
from coterie.model.schema import Field, Schema


class HoldsStates(Protocol):
    """A fragment, or what is left of it for those who read values alone."""

    @property
    def states(self) -> dict[int, State]: ...  # noqa: D102 - as its name says


class _Look(msgspec.Struct, frozen=True):
    """What it takes to show one field."""

    name: str
    field: Field
    merge: Operator
    limit: int | None


_Step = tuple[
    str,
    int,
    Callable[[State, State], State],
    Callable[[State, int], State] | None,
    Callable[[State], Any],
]
"""Name and id of a field; how to combine, what to keep at an instant, how to show its state."""
Steps = tuple[_Step, ...]


class Viewer:
    """Shows profiles by one schema."""

    def __init__(
        self,
        schema: Schema,
        hidden: Iterable[tuple[Field, Operator]] = (),
        *,
        keys: Mapping[str, frozenset[str]] | None = None,
    ) -> None:
        """`keys`: of maps of which audiences read nothing else, the ones that they read."""
        self._keys = keys or {}
        self._looks = {
            field.name: _Look(
                field.name,
                field,
                operator(field),
                field.identifier.view_limit if field.identifier is not None else None,
            )
            for field in schema.fields
        }
        # People never see these; audiences ask for them by name.
        self._hidden = {
            field.name: _Look(field.name, field, merge, None) for field, merge in hidden
        }
        self._shown: dict[frozenset[str] | None, Steps] = {}
        self._read: dict[frozenset[str] | None, Steps] = {}
        self._ageing = tuple(
            look for look in self._looks.values() if look.field.keep_days is not None
        )

    def view(
        self, fragments: Sequence[Fragment], now_us: int, only: frozenset[str] | None = None
    ) -> dict[str, Any]:
        """Return the values of `only` these fields (None: all) that hold one at `now_us`.

        Sets are lists, newest member first.
        """
        return _fold(self._choose(self._shown, only, ordered=True), fragments, now_us)

    def facts(
        self, fragments: Sequence[Fragment], now_us: int, only: frozenset[str]
    ) -> dict[str, Any]:
        """Return what `view` returns as audiences read it: sets in any order, some keys of maps."""
        return _fold(self._choose(self._read, only, ordered=False), fragments, now_us)

    def read_steps(self, only: frozenset[str]) -> Steps:
        """Return how `facts` reads each of these fields."""
        return self._choose(self._read, only, ordered=False)

    @property
    def ages(self) -> bool:
        """Whether any value goes by itself."""
        return bool(self._ageing)

    def next_ageing(
        self, fragments: Sequence[HoldsStates], now_us: int, only: frozenset[str]
    ) -> datetime | None:
        """Return when the next value of one of `only` goes by `keep_days`; None for never."""
        if not self._ageing:
            return None
        instants = [
            instant
            for look in self._ageing
            if look.name in only
            and (state := _combined(look, fragments)) is not None
            and (instant := next_ageing(look.field, state, now_us)) is not None
        ]
        return from_us(min(instants)) if instants else None

    def _choose(
        self,
        known: dict[frozenset[str] | None, Steps],
        only: frozenset[str] | None,
        *,
        ordered: bool,
    ) -> Steps:
        steps = known.get(only)
        if steps is None:
            looks = self._looks
            if only is not None:
                every = self._looks | self._hidden
                looks = {name: every[name] for name in sorted(only) if name in every}
            steps = tuple(
                _show_step(look) if ordered else _read_step(look, self._keys.get(look.name))
                for look in looks.values()
            )
            known[only] = steps
        return steps


def _show_step(look: _Look) -> _Step:
    """Say how to show a field to people."""
    merge, limit = look.merge, look.limit
    show = merge.view if limit is None else partial(_newest, merge, limit)
    keep = partial(kept, look.field) if look.field.keep_days is not None else None
    return look.name, look.field.id, merge.combine, keep, show


def _read_step(look: _Look, keys: frozenset[str] | None) -> _Step:
    """Say how audiences read a field; a set of its newest alone needs its order to be cut."""
    if look.limit is not None:
        return _show_step(look)
    some = seen_by_keys(look.field, look.merge, keys)
    if some is not None:
        return look.name, look.field.id, some.combine, None, some.face
    return *_show_step(look)[:4], look.merge.face


def _combined(look: _Look, fragments: Sequence[HoldsStates]) -> State | None:
    key = look.field.id
    tables = [part.states for part in fragments]
    parts = [unpack(states[key]) for states in tables if key in states]
    return reduce(look.merge.combine, parts) if parts else None


def _newest(merge: Operator, limit: int, state: State) -> Any:
    value = merge.view(state)
    return value[:limit] if isinstance(value, list) else value


def _fold(steps: Steps, fragments: Sequence[Fragment], now_us: int) -> dict[str, Any]:
    # This runs for every profile of every batch, so it looks at each state once.
    found: dict[str, Any] = {}
    if not steps:
        return found
    tables = [states for part in fragments if (states := part.states)]
    for name, field_id, combine, keep, show in steps:
        state = None
        for states in tables:
            part = states.get(field_id)
            if part is not None:
                if part.__class__ is Raw:
                    part = unpack(part)
                state = part if state is None else combine(state, part)
        if state is not None and keep is not None:
            state = keep(state, now_us)
        if state is not None:
            found[name] = show(state)
    return found
