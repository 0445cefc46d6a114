"""Histories of what filters watch for, as hidden fields beside those of the schema."""

from collections.abc import Iterable
from typing import Any

import msgspec

from coterie.flow.profiles.containers import Operator
from coterie.lang.behaviour import EMPTY, Bounds, History, Occurrence, add, combine
from coterie.model.config import TrackerSpec
from coterie.model.schema import Field


def history_of(state: Any) -> History:
    """Return a state as a history; None is an empty one."""
    if isinstance(state, History):
        return state
    return EMPTY if state is None else msgspec.convert(state, History)


class HistoryOperator:
    """Merges occurrences; each is folded once, as exactly-once processing promises."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds

    def fold(self, state: Any, value: Occurrence, _at_us: int) -> History:
        """Add one occurrence."""
        return add(history_of(state), value, self._bounds)

    def combine(self, one: Any, other: Any) -> History:
        """Unite the histories of two fragments."""
        return combine(history_of(one), history_of(other), self._bounds)

    def view(self, state: Any) -> History:
        """Return the history."""
        return history_of(state)

    def face(self, state: Any) -> History:
        """Return the history."""
        return history_of(state)

    def differs(self, _before: Any, _after: Any) -> bool:
        """Every occurrence makes a difference."""
        return True


def hidden_fields(trackers: Iterable[TrackerSpec], bounds: Bounds) -> list[tuple[Field, Operator]]:
    """Return trackers as fields that no schema names, each with its operator."""
    merge = HistoryOperator(bounds)
    return [
        (Field(id=tracker.field_id, name=tracker.text, kind="history", op="latest"), merge)
        for tracker in trackers
    ]
