"""The right to deliver for an authorization, held by one process at a time."""

import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from typing import TypeVar

from coterie.base.errors import TransientError
from coterie.flow.exports import outbox, queue
from coterie.flow.exports.draft import Draft
from coterie.flow.exports.outbox import Due, Position
from coterie.flow.exports.requests import (
    Closing,
    close_requests,
    list_open_requests,
    next_numbers,
)
from coterie.flow.exports.settle import ENDED_UNANSWERED, DoubtPolicy, Settling
from coterie.model.delivery import OutboxRow, QueueItem
from coterie.store import Connection, Store, StoreConflictError, load_queries, store_errors

QUERIES = load_queries("outbox")

SENDER_SPACE = 4712
"""First half of the two-part advisory lock that a sender holds on its authorization."""

T = TypeVar("T")

NUMBERS_AT_ONCE = 2_000
CONFLICTS = 10


class HoldLostError(TransientError):
    """Another session may send with this authorization now."""

    code = "hold_lost"

    def __init__(self, *, authorization_id: int) -> None:
        super().__init__(
            f"The sender lost its lock on authorization {authorization_id}. It takes it again "
            "by itself; use a direct connection if a pooler between here and PostgreSQL drops "
            "session locks."
        )


class Hold:
    """The lock, and all that only its holder may do.

    Everything is written on the connection that the lock lives on, one call after the other: when
    the connection is lost so is the lock, and nothing of this sender can be written any more. What
    is due is read on another one beside that, one call after the other as well: nothing leaves
    before it is written down that it does.
    """

    def __init__(self, conn: Connection, reading: Connection, authorization_id: int) -> None:
        self._conn = conn
        self._reading = reading
        self._turn = threading.Lock()
        self._authorization_id = authorization_id
        self._values = {"space": SENDER_SPACE, "authorization_id": authorization_id}
        self._numbers: list[int] = []

    def take(self, destination: int, due: Due) -> tuple[list[OutboxRow], Position]:
        """Return rows that are due, as `outbox.take`. Raises `StoreUnavailableError`."""
        with store_errors():
            return outbox.take(self._reading, destination, due)

    def take_items(
        self,
        destination: int,
        *,
        limit: int,
        now: datetime,
        busy: Collection[str] = (),
        after: int = 0,
    ) -> tuple[list[QueueItem], int]:
        """Return due items, as `queue.take_items`. Raises `StoreUnavailableError`."""
        with store_errors():
            return queue.take_items(
                self._reading, destination, limit=limit, now=now, busy=busy, after=after
            )

    def numbers(self, count: int) -> list[int]:
        """Return numbers for new requests. Raises `StoreUnavailableError`."""
        if len(self._numbers) < count:
            with self._turn, store_errors():
                self._numbers += next_numbers(self._conn, max(count, NUMBERS_AT_ONCE))
        taken, self._numbers = self._numbers[:count], self._numbers[count:]
        return taken

    def write(self, draft: Draft) -> frozenset[int]:
        """Durably write what was drafted; return the numbers of requests that must not leave.

        All or nothing of it is written, save for those, which have an item that was dropped
        meanwhile. Raises `HoldLostError`, `StoreUnavailableError` or `StoreConflictError`.
        """

        def write() -> frozenset[int]:
            # All statements are on their way before the first answer is waited for.
            with self._conn.pipeline():
                held = self._conn.execute(QUERIES.is_authorization_held.encode(), self._values)
                self._conn.execute(QUERIES.commit_durably.encode())
                gone = draft.write(self._conn, self._authorization_id)
                row = held.fetchone()
                if not (row and row[0]):
                    raise HoldLostError(authorization_id=self._authorization_id)
            return gone

        return self._insist(write)

    def recover(self, *, seconds: float, policy: DoubtPolicy, now: datetime) -> int:
        """Put in doubt what a dead sender left under way; return how many requests that were.

        The doubtful waits `seconds`, so that it cannot overtake a request that is still on the
        wire. Raises `StoreUnavailableError` or `StoreConflictError`.
        """
        with self._turn, store_errors(), self._conn.transaction():
            left = list_open_requests(self._conn, self._authorization_id)
            if not left:
                return 0
            # A row may stand in two requests if a process died twice; the later one is written.
            for request in left:
                settling = Settling(now=now, policy=policy)
                settling.doubt(request, seconds=seconds)
                settling.write(self._conn)
            closings = [
                Closing(id=request.id, outcome="unknown", status=None, answer=ENDED_UNANSWERED)
                for request in left
            ]
            close_requests(self._conn, closings, now=now)
            return len(left)

    def unhold(self, destination: int) -> int:
        """Make rows due whose items were kept back. Raises `StoreUnavailableError`."""
        return self._insist(lambda: outbox.unhold(self._conn, destination))

    def wake(self, destination: int, *, now: datetime) -> int:
        """Make due who is to be told once more by now. Raises `StoreUnavailableError`."""
        return self._insist(lambda: outbox.wake(self._conn, destination, now=now))

    def hurry(self, destination: int) -> int:
        """End the back-off of all rows. Raises `StoreUnavailableError`."""
        return self._insist(lambda: outbox.hurry(self._conn, destination))

    def _insist(self, work: Callable[[], T]) -> T:
        """Do work in a transaction, again if a worker was in its way and nothing was written."""
        for left in range(CONFLICTS, 0, -1):
            try:
                with self._turn, store_errors(), self._conn.transaction():
                    return work()
            except StoreConflictError:
                if left == 1:
                    raise
        raise AssertionError


@contextmanager
def try_hold(store: Store, authorization_id: int) -> Iterator[Hold | None]:
    """Yield the hold on an authorization, or None while another process has it.

    Raises `StoreUnavailableError`.
    """
    with closing(store.connect(autocommit=True)) as conn:
        with store_errors():
            values = {"space": SENDER_SPACE, "authorization_id": authorization_id}
            found = conn.execute(QUERIES.try_hold_authorization.encode(), values).fetchone()
        if not (found and found[0]):
            yield None
            return
        with closing(store.connect(autocommit=True)) as reading:
            for each in (conn, reading):
                with store_errors():
                    each.execute(QUERIES.walk_in_order.encode())
            yield Hold(conn, reading, authorization_id)
