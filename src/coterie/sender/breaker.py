"""Decides when to leave a dead destination alone, and when to try it again."""

FAILURES_TO_OPEN = 3
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 300.0


class Breaker:
    """A circuit breaker: closed, open for a growing pause, then one probe.

    Instants are seconds of a monotonic clock; `chance` in [0, 1) spreads the pauses.
    """

    def __init__(self) -> None:
        self._failures = 0
        self._pause = 0.0
        self._open_until = 0.0

    @property
    def is_closed(self) -> bool:
        """Answer whether the destination counts as alive."""
        return self._pause == 0.0

    def seconds_to_wait(self, *, now: float) -> float:
        """Return how long no request may leave, 0 if one may leave now."""
        return max(0.0, self._open_until - now)

    def note_success(self) -> bool:
        """Count an answer; return whether the destination had counted as dead."""
        recovered = not self.is_closed
        self._failures = 0
        self._pause = 0.0
        self._open_until = 0.0
        return recovered

    def note_failure(self, *, now: float, chance: float, at_once: bool = False) -> bool:
        """Count a failure; return whether the breaker just opened.

        It opens after three failures in a row, or `at_once` when trying again is pointless.
        """
        was_closed = self.is_closed
        self._failures += 1
        if was_closed and not at_once and self._failures < FAILURES_TO_OPEN:
            return False
        self._pause = min(LONGEST_PAUSE, max(FIRST_PAUSE, self._pause * 2))
        self._open_until = now + self._pause * (0.5 + chance / 2)
        return was_closed
