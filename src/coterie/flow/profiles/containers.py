"""Merge operators of sets and maps: states that hold many values, within a capacity."""

from typing import Any, Protocol

from coterie.base.clock import from_us, to_us
from coterie.flow.profiles.ordering import sort_key

State = Any


class Operator(Protocol):
    """How the values of a field merge; associative and commutative over (value, event time).

    `face(state)` is what an audience sees of a state: the view, but for the order of a set.
    `differs(before, after)` says whether a fold made another face of it.
    """

    def fold(self, state: State, value: Any, at_us: int, /) -> State:
        """Return the state (None: there was none) with one more value in it."""

    def combine(self, one: State, other: State, /) -> State:
        """Return the state of two fragments together."""

    def view(self, state: State, /) -> Any:
        """Return the value that people see."""

    def face(self, state: State, /) -> Any:
        """Return the value that audiences read."""

    def differs(self, before: State, after: State, /) -> bool:
        """Say whether audiences could tell the two apart."""


class SetOperator:
    """A set that remembers when each member was last seen; over capacity the oldest go.

    Instants are kept as microseconds, since msgpack has no instant as a key.
    """

    def __init__(self, capacity: int | None, *, of_instants: bool) -> None:
        self._capacity = capacity
        self._of_instants = of_instants

    def fold(self, state: dict[Any, int] | None, value: Any, at_us: int) -> dict[Any, int]:
        """Add one member or a list of them."""
        members = value if value.__class__ is list else (value,)
        if self._of_instants:
            members = [to_us(member) for member in members]
        grown = state.copy() if state else {}
        for member in members:
            if grown.get(member, at_us) <= at_us:
                grown[member] = at_us
        return grown if self._capacity is None else self._bounded(grown, self._capacity)

    def combine(self, one: dict[Any, int], other: dict[Any, int]) -> dict[Any, int]:
        """Unite two sets; a member was last seen when either saw it last."""
        grown = dict(one)
        for member, at_us in other.items():
            if grown.get(member, at_us) <= at_us:
                grown[member] = at_us
        return grown if self._capacity is None else self._bounded(grown, self._capacity)

    def view(self, state: dict[Any, int]) -> list[Any]:
        """Return the members, newest first."""
        return self.face(dict(sorted(state.items(), key=_newest_first)))

    def face(self, state: dict[Any, int]) -> list[Any]:
        """Return the members in any order."""
        return [from_us(member) for member in state] if self._of_instants else list(state)

    def differs(self, before: dict[Any, int], after: dict[Any, int]) -> bool:
        """Compare members, not when they were seen."""
        # Without capacity a fold only adds.
        return len(before) != len(after) or (
            self._capacity is not None and before.keys() != after.keys()
        )

    def _bounded(self, state: dict[Any, int], most: int) -> dict[Any, int]:
        if len(state) <= most:
            return state
        return dict(sorted(state.items(), key=_newest_first)[:most])


class SomeKeys:
    """A map as those see it who ask for some of its keys alone; for maps without capacity."""

    def __init__(self, inner: Operator, keys: frozenset[str]) -> None:
        self._inner = inner
        self._keys = tuple(sorted(keys))

    def combine(self, one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
        """Combine the keys, and leave the others out."""
        found: dict[str, Any] = {}
        for key in self._keys:
            mine, theirs = one.get(key), other.get(key)
            if mine is None or theirs is None:
                if mine is not None or theirs is not None:
                    found[key] = theirs if mine is None else mine
            else:
                last = max(mine[0], theirs[0])
                found[key] = (last, self._inner.combine(mine[1], theirs[1]))
        return found

    def face(self, state: dict[str, Any]) -> dict[str, Any]:
        """Return the value of each key that is there."""
        face = self._inner.face
        return {key: face(state[key][1]) for key in self._keys if key in state}

    def differs(self, before: dict[str, Any], after: dict[str, Any]) -> bool:
        """Compare the values of the keys."""
        for key in self._keys:
            item, earlier = after.get(key), before.get(key)
            if item is not earlier and (
                item is None or earlier is None or self._inner.differs(earlier[1], item[1])
            ):
                return True
        return False


class MapOperator:
    """An operator of its own for every key.

    Over capacity the keys seen longest ago go, where only the newest value counts. The others need
    all that was ever said of a key, so a key that went must never come back: there the keys that
    come first in the alphabet stay.
    """

    def __init__(self, inner: Operator, capacity: int | None, *, newest_counts: bool) -> None:
        self._inner = inner
        self._capacity = capacity
        self._newest_counts = newest_counts

    def fold(
        self, state: dict[str, Any] | None, value: dict[str, Any], at_us: int
    ) -> dict[str, Any]:
        """Fold each key's value into that key."""
        fold = self._inner.fold
        grown = state.copy() if state else {}
        for key, item in value.items():
            before = grown.get(key)
            if before is None:
                grown[key] = (at_us, fold(None, item, at_us))
            else:
                last = before[0]
                grown[key] = (max(at_us, last), fold(before[1], item, at_us))
        return self._bounded(grown)

    def combine(self, one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
        """Combine key by key."""
        combine = self._inner.combine
        grown = one.copy()
        for key, item in other.items():
            before = grown.get(key)
            if before is None:
                grown[key] = item
            else:
                last = max(item[0], before[0])
                grown[key] = (last, combine(before[1], item[1]))
        return self._bounded(grown)

    def view(self, state: dict[str, Any]) -> dict[str, Any]:
        """Return each key's value, keys in order."""
        return {key: self._inner.view(item) for key, (_, item) in sorted(state.items())}

    def face(self, state: dict[str, Any]) -> dict[str, Any]:
        """Return each key's value."""
        face = self._inner.face
        return {key: face(item[1]) for key, item in state.items()}

    def differs(self, before: dict[str, Any], after: dict[str, Any]) -> bool:
        """Compare values, not when they were seen."""
        if before.keys() != after.keys():
            return True
        differs = self._inner.differs
        for key, item in after.items():
            earlier = before[key]
            # A fold leaves the keys that it does not name as they are.
            if item is not earlier and differs(earlier[1], item[1]):
                return True
        return False

    def some(self, keys: frozenset[str]) -> SomeKeys | None:
        """Return the map as seen by its `keys`; None where other keys have a say in them."""
        return None if self._capacity is not None else SomeKeys(self._inner, keys)

    def _bounded(self, state: dict[str, Any]) -> dict[str, Any]:
        if self._capacity is None or len(state) <= self._capacity:
            return state
        return dict(sorted(state.items(), key=self._rank)[: self._capacity])

    def _rank(self, item: tuple[str, Any]) -> Any:
        return (-item[1][0], item[0]) if self._newest_counts else item[0]


def _newest_first(item: tuple[Any, int]) -> tuple[int, tuple[int, Any]]:
    return -item[1], sort_key(item[0])
