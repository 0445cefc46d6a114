"""The health of the hosts that webhooks go to."""

from collections import deque
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from braze_sandbox.settings import Settings

# braze-docs, webhook and Connected Content errors: these count against a host.
_COUNTED = frozenset({408, 429, 502, 503, 504, 529})
_WINDOW = timedelta(minutes=1)


class Hosts:
    """Counts failures by workspace and host; a host with too many gets nothing for a while."""

    def __init__(self) -> None:
        self._failures: dict[tuple[str, str], deque[datetime]] = {}
        self._paused: dict[tuple[str, str], datetime] = {}

    def is_paused(self, workspace: str, url: str, *, now: datetime) -> bool:
        """Tell whether nothing is sent to the host of `url` at present."""
        until = self._paused.get((workspace, _host(url)))
        return until is not None and now < until

    def count(
        self, workspace: str, url: str, status: int, *, settings: Settings, now: datetime
    ) -> None:
        """Note the answer of a host."""
        if status not in _COUNTED:
            return
        host = (workspace, _host(url))
        failures = self._failures.setdefault(host, deque())
        failures.append(now)
        while failures[0] <= now - _WINDOW:
            failures.popleft()
        if len(failures) > settings.webhook_unhealthy_failures:
            self._paused[host] = now + timedelta(seconds=settings.webhook_unhealthy_seconds)
            failures.clear()

    def clear(self) -> None:
        """Take every host for healthy."""
        self._failures.clear()
        self._paused.clear()


def _host(url: str) -> str:
    return urlsplit(url).netloc
