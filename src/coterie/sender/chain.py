"""A sender's transactions, of which each begins when the one before is committed."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

from coterie.flow.exports.draft import Draft
from coterie.flow.exports.hold import Hold
from coterie.model.delivery import Settlement
from coterie.sender.courier import Delivery
from coterie.sender.shelf import Shelf


class Settled(NamedTuple):
    """What a transaction settled: requests that came to an end, and what need not be told."""

    ended: list[tuple[Shelf, Delivery]]
    idle: list[tuple[Shelf, list[Settlement]]]


Leave = Callable[[Awaitable[frozenset[int]]], Coroutine[Any, Any, Settled]]
"""Waits for a transaction, lets go what leaves by it, and returns what it settled."""


class Chain:
    """Writes drafts in their order, one transaction after the other.

    The next one waits in the writing thread, so that PostgreSQL need not wait for an event loop
    that is busy with something else. When one fails, none after it is written.
    """

    def __init__(self, hold: Hold, *, on_end: Callable[[], None]) -> None:
        self._hold = hold
        self._on_end = on_end
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sender-writes")
        self._newest: Future[frozenset[int]] | None = None
        self._leaving: deque[asyncio.Task[Settled]] = deque()

    def __len__(self) -> int:
        """Return how many transactions are under way, or over and not concluded."""
        return len(self._leaving)

    def begin(self, draft: Draft, leave: Leave) -> None:
        """Have a draft written after all others; `leave` follows its transaction."""
        self._newest = self._writer.submit(self._write, draft, self._newest)
        task = asyncio.create_task(leave(asyncio.wrap_future(self._newest)))
        task.add_done_callback(lambda _: self._on_end())
        self._leaving.append(task)

    async def conclude(self, *, most: int) -> list[Settled]:
        """Return what transactions settled that are over; wait until at most so many are not.

        Raises what went wrong with one.
        """
        over = []
        while self._leaving and (self._leaving[0].done() or len(self._leaving) > most):
            over.append(await self._leaving[0])
            self._leaving.popleft()
        return over

    async def drop(self) -> None:
        """Write nothing that has not begun; wait for what has, which cannot be called back."""
        self._writer.shutdown(wait=False, cancel_futures=True)
        await asyncio.gather(*self._leaving, return_exceptions=True)

    def _write(self, draft: Draft, before: Future[frozenset[int]] | None) -> frozenset[int]:
        if before:
            before.result()
        return self._hold.write(draft)
