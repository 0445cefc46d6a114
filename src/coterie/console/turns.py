"""How many may do something expensive at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from coterie.base.errors import TransientError


class BusyError(TransientError):
    """Too many others wait for the same already."""

    code = "sign_in_busy"

    def __init__(self) -> None:
        super().__init__(
            "Too many people are signing in at this moment. Try again in a moment.",
            retry_after=2.0,
        )


class Turns:
    """Lets a few in at once while a few more wait; whoever comes then is sent away."""

    def __init__(self, *, at_once: int, waiting: int) -> None:
        self._semaphore = asyncio.Semaphore(at_once)
        self._most = at_once + waiting
        self._here = 0

    @asynccontextmanager
    async def take(self) -> AsyncIterator[None]:
        """Wait for a turn, and hold it to the end of the block. Raises BusyError."""
        if self._here >= self._most:
            raise BusyError
        self._here += 1
        try:
            async with self._semaphore:
                yield
        finally:
            self._here -= 1
