"""The right to deliver for an authorization, held by one process at a time."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from coterie.base.errors import TransientError
from coterie.flow.exports import outbox
from coterie.model.delivery import OutboxRow, Settlement, Shipment
from coterie.store import Connection, Store, load_queries, store_errors

QUERIES = load_queries("outbox")

SENDER_SPACE = 4712
"""First half of the two-part advisory lock that a sender holds on its authorization."""


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

    Everything runs on the connection that the lock lives on: when the connection is lost so is
    the lock, and nothing of this sender can be written any more. One call at a time.
    """

    def __init__(self, conn: Connection, authorization_id: int) -> None:
        self._conn = conn
        self._authorization_id = authorization_id
        self._values = {"space": SENDER_SPACE, "authorization_id": authorization_id}

    def take(self, destination: int, *, limit: int, now: datetime) -> list[OutboxRow]:
        """Return rows that are due. Raises `StoreUnavailableError`."""
        with store_errors():
            return outbox.take(self._conn, destination, limit=limit, now=now)

    def mark_in_doubt(self, destination: int, shipments: Sequence[Shipment]) -> list[Shipment]:
        """Durably mark what is about to be sent; return what may leave.

        Raises `HoldLostError` or `StoreUnavailableError`.
        """
        with store_errors():
            found = self._conn.execute(QUERIES.is_authorization_held.encode(), self._values)
            row = found.fetchone()
            if not (row and row[0]):
                raise HoldLostError(authorization_id=self._authorization_id)
            return outbox.mark_in_doubt(self._conn, destination, shipments)

    def settle(self, destination: int, settlements: Sequence[Settlement], *, now: datetime) -> None:
        """Write down what came of shipments. Raises `StoreUnavailableError`."""
        with store_errors():
            outbox.settle(self._conn, destination, settlements, now=now)

    def rearm(self, destination: int, *, doubtful_from: datetime) -> int:
        """Make rows due that rest although they differ. Raises `StoreUnavailableError`."""
        with store_errors():
            return outbox.rearm(self._conn, destination, doubtful_from=doubtful_from)

    def hurry(self, destination: int) -> int:
        """End the back-off of all rows. Raises `StoreUnavailableError`."""
        with store_errors():
            return outbox.hurry(self._conn, destination)


@contextmanager
def try_hold(store: Store, authorization_id: int) -> Iterator[Hold | None]:
    """Yield the hold on an authorization, or None while another process has it.

    Raises `StoreUnavailableError`.
    """
    conn = store.connect(autocommit=True)
    try:
        with store_errors():
            values = {"space": SENDER_SPACE, "authorization_id": authorization_id}
            found = conn.execute(QUERIES.try_hold_authorization.encode(), values).fetchone()
        yield Hold(conn, authorization_id) if found and found[0] else None
    finally:
        conn.close()
