"""How many requests without a token are answered."""

from coterie.api.allowance import Allowance
from coterie.base.clock import Clock, to_us
from coterie.base.errors import TransientError


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
    """Lets each account's public requests through at a rate, with a burst of two seconds.

    Belongs to the event loop of one web process.
    """

    def __init__(self, *, per_second: int, clock: Clock) -> None:
        self._allowance = Allowance(per_second=per_second)
        self._clock = clock

    def pass_one(self, account: int) -> None:
        """Count one request. Raises TooManyRequestsError."""
        now_us = to_us(self._clock())
        if self._allowance.wait_seconds(account, now_us=now_us):
            raise TooManyRequestsError(limit=self._allowance.per_second)
        self._allowance.charge(account, 1, now_us=now_us)
