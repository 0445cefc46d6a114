"""How many requests without a token are answered."""

import threading
from collections import OrderedDict

from coterie.base.clock import Clock, to_us
from coterie.base.errors import TransientError

MOST_ACCOUNTS = 10_000
BURST_SECONDS = 2


class TooManyRequestsError(TransientError):
    """More was asked without a token than the setting allows."""

    code = "too_many_requests"

    def __init__(self, *, limit: int) -> None:
        super().__init__(
            f"More than {limit} requests a second without a token. Try again in a moment, or raise "
            "COTERIE_PUBLIC_REQUESTS_PER_SECOND.",
            retry_after=1.0,
        )


class Turnstile:
    """Lets each account's public requests through at a rate, with a burst of two seconds."""

    def __init__(self, *, per_second: int, clock: Clock) -> None:
        self._per_second = per_second
        self._clock = clock
        self._lock = threading.Lock()
        self._left: OrderedDict[int, tuple[float, int]] = OrderedDict()

    def pass_one(self, account: int) -> None:
        """Count one request. Raises TooManyRequestsError."""
        now_us, most = to_us(self._clock()), float(self._per_second * BURST_SECONDS)
        with self._lock:
            left, at_us = self._left.pop(account, (most, now_us))
            left = min(most, left + max(now_us - at_us, 0) / 1e6 * self._per_second)
            allowed = left >= 1
            self._left[account] = (left - 1 if allowed else left, now_us)
            if len(self._left) > MOST_ACCOUNTS:
                self._left.popitem(last=False)
        if not allowed:
            raise TooManyRequestsError(limit=self._per_second)
