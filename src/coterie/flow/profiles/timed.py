"""Merge operators of values that have their place in time: ordered sets, and counts by the hour."""

from typing import Any

from coterie.flow.profiles.containers import SetOperator
from coterie.flow.profiles.ordering import sort_key
from coterie.model.hours import HOUR_US, show_hour

# A count an hour, without a capacity of its own: 83 days of somebody who never sleeps.
MOST_HOURS = 2_000


class OrderedSetOperator(SetOperator):
    """A set whose members stand in the order in which they were last seen."""

    def view(self, state: dict[Any, int]) -> list[Any]:
        """Return the members, the one seen last at the end."""
        return sorted(state, key=lambda member: (state[member], sort_key(member)))

    def face(self, state: dict[Any, int]) -> list[Any]:
        """Return the members in their order, which audiences see too."""
        return self.view(state)

    def differs(self, before: dict[Any, int], after: dict[Any, int]) -> bool:
        """Compare members with their places."""
        return self.view(before) != self.view(after)


class TallyOperator:
    """Counts by the hour; over capacity the earliest hours go.

    An hour that went is earlier than all that stay, so it can never be among the newest again.
    """

    def __init__(self, capacity: int | None) -> None:
        self._capacity = min(capacity or MOST_HOURS, MOST_HOURS)

    def fold(self, state: dict[int, int] | None, value: dict[int, int], _at_us: int, /) -> Any:
        """Add the counts of one event."""
        return self.combine(state or {}, value)

    def combine(self, one: dict[int, int], other: dict[int, int]) -> dict[int, int]:
        """Add the counts hour by hour."""
        grown = dict(one)
        for hour, count in other.items():
            grown[hour] = grown.get(hour, 0) + count
        if len(grown) <= self._capacity:
            return grown
        return {hour: grown[hour] for hour in sorted(grown, reverse=True)[: self._capacity]}

    def view(self, state: dict[int, int]) -> dict[str, int]:
        """Return the counts by hour, newest first."""
        return {show_hour(hour): state[hour] for hour in sorted(state, reverse=True)}

    def face(self, state: dict[int, int]) -> dict[str, int]:
        """Return the counts by hour."""
        return {show_hour(hour): count for hour, count in state.items()}

    def differs(self, before: dict[int, int], after: dict[int, int]) -> bool:
        """Compare the counts."""
        return before != after


def hours_since(state: dict[int, int], since_us: int) -> dict[int, int]:
    """Return the counts of the hours that end after an instant."""
    return {hour: count for hour, count in state.items() if (hour + 1) * HOUR_US > since_us}
