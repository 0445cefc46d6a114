"""How much one may do: failed sign-ins, connections, bytes a second."""

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Callable
from datetime import datetime, timedelta

from coterie.base.clock import Clock

# As of the console: after five failures in a row a name is locked for a quarter of an hour, here
# for the address that failed, so that nobody can lock a client's nightly upload out from elsewhere.
ATTEMPTS = 5
ADDRESS_ATTEMPTS = 30
LOCKED = timedelta(minutes=15)
REMEMBERED = 10_000

CONNECTIONS = 200
ADDRESS_CONNECTIONS = 20
USER_CONNECTIONS = 8


class Lockout:
    """Counts failed sign-ins by address, and by address and name."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures: dict[tuple[str, str], deque[datetime]] = {}

    def is_locked(self, address: str, username: str) -> bool:
        """Answer whether this address has to wait before it may try this name."""
        return self._is_full((address, username), ATTEMPTS) or self._is_full(
            (address, ""), ADDRESS_ATTEMPTS
        )

    def note_failure(self, address: str, username: str) -> bool:
        """Count a failure; return whether the name is locked for the address from now on."""
        for key, most in (((address, username), ATTEMPTS), ((address, ""), ADDRESS_ATTEMPTS)):
            if len(self._failures) >= REMEMBERED:
                self._failures.pop(next(iter(self._failures)))
            self._failures.setdefault(key, deque(maxlen=most)).append(self._clock())
        return self.is_locked(address, username)

    def note_success(self, address: str, username: str) -> None:
        """Forget the failures of a name that has signed in."""
        self._failures.pop((address, username), None)

    def _is_full(self, key: tuple[str, str], most: int) -> bool:
        failures = self._failures.get(key)
        if failures is None or len(failures) < most:
            return False
        return failures[-1] > self._clock() - LOCKED


class Connections:
    """Counts connections that are open: all, of an address, of a user."""

    def __init__(self) -> None:
        self._open: defaultdict[str, int] = defaultdict(int)

    def enter(self, key: str, most: int) -> bool:
        """Count one more unless there are as many as allowed; return whether it was counted."""
        if self._open[key] >= most:
            return False
        self._open[key] += 1
        return True

    def leave(self, key: str) -> None:
        """Count one less."""
        self._open[key] -= 1
        if self._open[key] <= 0:
            del self._open[key]


class Pace:
    """Spreads the bytes of one user over time, whatever the number of connections."""

    def __init__(self, rate: int, *, ticks: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._ticks = ticks
        self._free_at = ticks()

    async def spend(self, size: int) -> None:
        """Return once `size` bytes may travel; up to a second's worth travels at once."""
        if not self._rate:
            return
        now = self._ticks()
        self._free_at = max(self._free_at, now - 1.0) + size / self._rate
        if self._free_at > now:
            await asyncio.sleep(self._free_at - now)
