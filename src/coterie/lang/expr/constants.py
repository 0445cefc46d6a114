"""The values that generated code refers to by name."""

from datetime import UTC, datetime, timedelta

from coterie.lang.expr.datemath import Shift, whole_second


class ConstantTable:
    """Names for values, and places for the instants that date math names."""

    def __init__(self, given: dict[str, object]) -> None:
        self.names = dict(given)
        self.shifts: list[Shift] = []

    def add(self, value: object) -> str:
        """Return a new name under which the code finds a value."""
        name = f"c{len(self.names)}"
        self.names[name] = value
        return name

    def place(self, shift: Shift) -> int:
        """Return the place in `Clock.last` of the whole second at this distance from now.

        The place after it holds the second after.
        """
        if shift not in self.shifts:
            self.shifts.append(shift)
        return 1 + 2 * self.shifts.index(shift)


LAST_INSTANT = datetime.max.replace(tzinfo=UTC)


class Clock:
    """The instants that date math names, kept for as long as the same `now` is asked about.

    `last` begins with that `now`. An instant outside years 1 to 9999 is None.
    """

    def __init__(self, shifts: list[Shift]) -> None:
        # Date math is nearly always an exact duration; then two additions are all it takes.
        self._steps = [
            (shift, timedelta(seconds=shift.seconds), timedelta(seconds=shift.seconds + 1))
            for shift in shifts
        ]
        self.last: tuple[datetime | None, ...] = (None,)

    def renew(self, now: datetime) -> tuple[datetime | None, ...]:
        """Return the instants counted from `now`, and keep them."""
        second = whole_second(now)
        found: list[datetime | None] = [now]
        for shift, to_low, to_high in self._steps:
            start = second if not shift.months else Shift(months=shift.months).apply(second)
            try:
                found += [None, None] if start is None else [start + to_low, start + to_high]
            except OverflowError:
                found += _pair_at_the_edge(start, to_low)
        self.last = tuple(found)
        return self.last


def _pair_at_the_edge(
    start: datetime | None, to_low: timedelta
) -> tuple[datetime | None, datetime | None]:
    """Return the second at a distance, and what is no longer in it, where years end."""
    try:
        return (None, None) if start is None else (start + to_low, LAST_INSTANT)
    except OverflowError:
        return None, None
