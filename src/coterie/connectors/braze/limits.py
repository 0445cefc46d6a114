"""What Braze's answer headers say about its rate limits."""

from collections.abc import Mapping
from datetime import datetime

from coterie.connectors.destination import RateLimit

# A Reset below this is a number of seconds; above, a UTC epoch second. Data-point contracts send
# the one, MAU contracts the other (braze.com/docs/api/api_limits).
SECONDS_LEFT_LIMIT = 100_000_000


def read_rate_limit(headers: Mapping[str, str], *, now: datetime) -> RateLimit | None:
    """Return the limit that an answer states, or None; a 401 has the headers, but empty."""
    remaining = _number(headers.get("X-RateLimit-Remaining"))
    reset = _number(headers.get("X-RateLimit-Reset"))
    if remaining is None or reset is None:
        return None
    limit = _number(headers.get("X-RateLimit-Limit"))
    return RateLimit(
        limit=int(remaining if limit is None else limit),
        remaining=int(remaining),
        reset_seconds=_seconds_left(reset, now=now),
    )


def read_retry_after(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """Return after how many seconds an answer allows another try, or None if it does not say.

    A 429 under a MAU contract has X-Ratelimit-Retry-After and no other header.
    """
    for name in ("X-Ratelimit-Retry-After", "Retry-After"):
        seconds = _number(headers.get(name))
        if seconds is not None:
            return max(0.0, seconds)
    reset = _number(headers.get("X-RateLimit-Reset"))
    return None if reset is None else _seconds_left(reset, now=now)


def _seconds_left(reset: float, *, now: datetime) -> float:
    return max(0.0, reset if reset < SECONDS_LEFT_LIMIT else reset - now.timestamp())


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if 0 <= number < float("inf") else None
