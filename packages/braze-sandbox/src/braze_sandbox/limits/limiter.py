"""The count of requests in the current windows."""

from datetime import datetime

import msgspec

from braze_sandbox.errors import RefusedError
from braze_sandbox.limits.policy import find_burst, find_rate
from braze_sandbox.limits.rate import Rate
from braze_sandbox.settings import Settings

EMPTY_HEADERS = {"X-RateLimit-Limit": "", "X-RateLimit-Remaining": "", "X-RateLimit-Reset": ""}


class RateLimitedError(RefusedError):
    """Too many requests in this window."""

    def __init__(self, headers: dict[str, str]) -> None:
        super().__init__(429, "Rate Limited")
        self.headers = headers


class _Window(msgspec.Struct):
    start: int
    used: int


class Limiter:
    """Counts requests per workspace and bucket in windows fixed to the clock.

    Recorded answers show that hourly limits reset on the clock hour, those of a minute on the
    minute; so a window starts at a multiple of its length.
    """

    def __init__(self) -> None:
        self._windows: dict[tuple[str, str], _Window] = {}

    def take(
        self, workspace: str, bucket: str, *, settings: Settings, now: datetime
    ) -> dict[str, str]:
        """Count one request; return the headers of its answer.

        Raise RateLimitedError (429) with its headers when the window is used up.
        """
        seconds = int(now.timestamp())
        if settings.contract == "mau" and bucket == "users.track":
            # The limit of such a contract is the company's, not the workspace's.
            workspace = ""
        rate = find_rate(bucket, settings)
        window = self._open(workspace, bucket, rate, seconds)
        refused = window.used >= rate.requests
        burst = find_burst(bucket)
        if burst is not None and not refused:
            short = find_rate(burst, settings)
            short_window = self._open(workspace, burst, short, seconds)
            if short_window.used >= short.requests:
                refused, rate, window = True, short, short_window
            else:
                short_window.used += 1
        if refused and settings.rate_limiting:
            raise RateLimitedError(refusal_headers(settings, rate, window.start, seconds))
        window.used += 1
        return _headers(settings, rate, window, seconds)

    def clear(self) -> None:
        """Open all windows anew."""
        self._windows.clear()

    def _open(self, workspace: str, bucket: str, rate: Rate, seconds: int) -> _Window:
        start = seconds - seconds % rate.seconds
        window = self._windows.get((workspace, bucket))
        if window is None or window.start != start:
            window = self._windows[workspace, bucket] = _Window(start, 0)
        return window


def refusal_headers(
    settings: Settings, rate: Rate, window_start: int, seconds: int
) -> dict[str, str]:
    """Return the headers of a 429 in the form of the contract.

    Under MAU contracts the X-RateLimit headers give way to `X-Ratelimit-Retry-After`.
    """
    end = window_start + rate.seconds
    if settings.contract == "mau":
        return {"X-Ratelimit-Retry-After": str(end - seconds)}
    return {
        "X-RateLimit-Limit": str(rate.requests),
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": str(end),
    }


def _headers(settings: Settings, rate: Rate, window: _Window, seconds: int) -> dict[str, str]:
    end = window.start + rate.seconds
    return {
        "X-RateLimit-Limit": str(rate.requests),
        "X-RateLimit-Remaining": str(max(rate.requests - window.used, 0)),
        "X-RateLimit-Reset": str(end - seconds if settings.contract == "mau" else end),
    }
