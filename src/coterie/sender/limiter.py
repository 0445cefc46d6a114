"""Keeps requests within what the destination's own headers allow."""

from coterie.connectors.destination import RateLimit

# The last tenth of a window is spread over what is left of its time, so that a long backlog never
# leaves the changes of the rest of an hour without a single request.
RESERVE = 0.1
UNKNOWN = 1_000_000
# Without a word: doubling from a second to a minute, the window of most limits of Braze.
FIRST_BUSY = 1.0
LONGEST_BUSY = 60.0


class Limiter:
    """The rate limit of one endpoint and key, as its last answers told it.

    Data-point contracts state a limit, what remains and when the window ends on every answer. Under
    MAU contracts a refusal says how long to wait, other answers state the window as seconds left.
    Instants are seconds of a monotonic clock. Until the first answer nothing is held back.
    """

    def __init__(self) -> None:
        self._limit: RateLimit | None = None
        self._remaining = UNKNOWN
        self._reset_at = 0.0
        self._blocked_until = 0.0
        self._next_at = 0.0
        self._busy = FIRST_BUSY

    def allowance(self, *, now: float) -> int:
        """Return how many requests may leave now."""
        if now < self._blocked_until:
            return 0
        if self._limit is None or now >= self._reset_at:
            return UNKNOWN
        reserve = int(self._limit.limit * RESERVE)
        if self._remaining > reserve:
            return self._remaining - reserve
        return int(self._remaining > 0 and now >= self._next_at)

    def seconds_to_wait(self, *, now: float) -> float:
        """Return how long no request may leave, 0 if one may leave now."""
        if self.allowance(now=now):
            return 0.0
        if now < self._blocked_until:
            return self._blocked_until - now
        until = self._next_at if self._remaining > 0 else self._reset_at
        return max(0.0, until - now)

    def spend(self, *, now: float) -> None:
        """Count a request that leaves, before its answer tells the new state."""
        if self._limit is None or now >= self._reset_at:
            return
        if 0 < self._remaining <= int(self._limit.limit * RESERVE):
            self._next_at = now + (self._reset_at - now) / self._remaining
        self._remaining -= 1

    def learn(self, limit: RateLimit | None, *, now: float) -> None:
        """Take over what an answer said.

        Answers of parallel requests come out of order: within one window the lowest count holds.
        """
        self._busy = FIRST_BUSY
        if limit is None:
            return
        reset_at = now + limit.reset_seconds
        same_window = self._limit is not None and abs(reset_at - self._reset_at) < 1.0
        remaining = min(self._remaining, limit.remaining) if same_window else limit.remaining
        self._limit, self._remaining, self._reset_at = limit, remaining, reset_at

    def block(self, seconds: float | None, *, now: float) -> float:
        """Let nothing leave for a time, because the destination said that it is too much.

        Return for how long: `seconds`, or a guess that doubles if it did not say.
        """
        if seconds is None:
            seconds, self._busy = self._busy, min(LONGEST_BUSY, self._busy * 2)
        self._blocked_until = max(self._blocked_until, now + seconds)
        return seconds
