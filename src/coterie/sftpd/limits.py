"""How much one may do: connections, bytes a second."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable

CONNECTIONS = 200
ADDRESS_CONNECTIONS = 20
USER_CONNECTIONS = 8


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
