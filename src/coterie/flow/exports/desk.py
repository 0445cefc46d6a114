"""Where senders ask for their work."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime

from coterie.flow.exports.destinations import list_destinations
from coterie.flow.exports.hold import Hold, try_hold
from coterie.flow.exports.outbox import count_waiting
from coterie.model.config import PipelineConfig
from coterie.model.delivery import DestinationPlan
from coterie.store import Bell, Store, hear


class DeliveryDesk:
    """The delivering side of one database."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def list_destinations(self, config: PipelineConfig, *, now: datetime) -> list[DestinationPlan]:
        """Return every destination with what is kept back there at an instant.

        Raises StoreUnavailableError.
        """
        with self.store.transaction() as conn:
            return list_destinations(conn, config, now=now)

    def count_waiting(self, destination: int) -> int:
        """Return what has yet to go to a destination, now or later.

        Raises StoreUnavailableError.
        """
        with self.store.transaction() as conn:
            return count_waiting(conn, destination)

    async def hear_of_changes(self, wake: Callable[[], None]) -> None:
        """Call `wake` whenever something may be due, until cancelled; some may be missed."""
        await hear(self.store.url, Bell.OUTBOX, wake)

    def try_hold(self, authorization_id: int) -> AbstractContextManager[Hold | None]:
        """Return the right to send with an authorization, None while another process has it."""
        return try_hold(self.store, authorization_id)
