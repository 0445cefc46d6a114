"""Keeps requests within what the destination's own headers allow."""

from coterie.connectors.braze.limits import RateLimit


class Limiter:
    """The rate limit of one authorization, as its last answers told it.

    Instants are seconds of a monotonic clock. Until the first answer nothing is held back.
    """

    def __init__(self) -> None:
        self._remaining: int | None = None
        self._reset_at = 0.0
        self._blocked_until = 0.0

    def seconds_to_wait(self, *, now: float) -> float:
        """Return how long no request may leave, 0 if one may leave now."""
        wait = max(0.0, self._blocked_until - now)
        if self._remaining is not None and self._remaining <= 0:
            wait = max(wait, self._reset_at - now)
        return wait

    def spend(self) -> None:
        """Count a request that leaves, before its answer tells the new state."""
        if self._remaining is not None:
            self._remaining -= 1

    def learn(self, limit: RateLimit | None, *, now: float) -> None:
        """Take over what an answer said.

        Answers of parallel requests come out of order: within one window the lowest count holds.
        """
        if limit is None:
            self._forget_after_reset(now)
            return
        reset_at = now + limit.reset_seconds
        same_window = self._remaining is not None and abs(reset_at - self._reset_at) < 1.0
        if same_window and self._remaining is not None:
            self._remaining = min(self._remaining, limit.remaining)
        else:
            self._remaining = limit.remaining
        self._reset_at = reset_at

    def block(self, seconds: float, *, now: float) -> None:
        """Let nothing leave for a time, because the destination said that it is too much."""
        self._blocked_until = max(self._blocked_until, now + seconds)

    def _forget_after_reset(self, now: float) -> None:
        if self._remaining is not None and now >= self._reset_at:
            self._remaining = None
