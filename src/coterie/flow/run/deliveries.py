"""What people ask of deliveries, and what they have sent again."""

from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from coterie.flow.exports import outbox, parked, told
from coterie.flow.exports.parked import Choice
from coterie.model.control import Actor
from coterie.model.delivery import DeliveryState, Repeats
from coterie.model.ledger import DeliveryView, Holding, RequestView, SetAside
from coterie.store import Connection, Store


class DeliveryCalls(msgspec.Struct, frozen=True, kw_only=True):
    """What doors do with deliveries; the first parameter is the account.

    list(account); find(account, destination), None if it is not in use; holdings(account, text), of
    whom a name there or an identifier here names; request(account, number); set_aside(account,
    destination, state, limit);
    replay and drop(account, destination, choice, actor), which return how many; step(account,
    destination, step, actor) and set_repeats(account, destination, repeats, actor), which raise
    UserError.
    """

    list: Callable[[int], Sequence[DeliveryView]]
    find: Callable[[int, int], DeliveryView | None]
    holdings: Callable[[int, str], Sequence[Holding]]
    request: Callable[[int, int], RequestView | None]
    set_aside: Callable[[int, int, str | None, int], Sequence[SetAside]]
    replay: Callable[[int, int, Choice, Actor], int]
    drop: Callable[[int, int, Choice, Actor], int]
    step: Callable[[int, int, str, Actor], DeliveryState]
    set_repeats: Callable[[int, int, Repeats, Actor], None]


class Deliveries:
    """The deliveries of one store; a destination of another account is as good as none."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def list(self, account: int, *, now: datetime) -> Sequence[DeliveryView]:
        """Return how the delivery to each destination in use goes."""
        with self._store.transaction() as conn:
            return told.list_deliveries(conn, account, now=now)

    def find(self, account: int, destination: int, *, now: datetime) -> DeliveryView | None:
        """Return how the delivery to one destination goes."""
        with self._store.transaction() as conn:
            found = told.list_deliveries(conn, account, now=now, destination=destination)
        return found[0] if found else None

    def request(self, account: int, number: int) -> RequestView | None:
        """Return a request, None if it is forgotten or of another account."""
        with self._store.transaction() as conn:
            found = told.find_requests(conn, account, [number])
        return found[0] if found else None

    def set_aside(
        self, account: int, destination: int, *, state: str | None = None, limit: int = 100
    ) -> Sequence[SetAside]:
        """Return what waits for a person, the latest first."""
        with self._store.transaction() as conn:
            if not _is_own(conn, account, destination):
                return ()
            return told.list_set_aside(conn, destination, state=state, limit=limit)


def replay(conn: Connection, account: int, destination: int, choice: Choice) -> int:
    """Make what was chosen due again, in the caller's transaction; return how many."""
    if not _is_own(conn, account, destination):
        return 0
    return parked.replay_parked(conn, destination, choice)


def drop(conn: Connection, account: int, destination: int, choice: Choice) -> int:
    """Give up chosen events and purchases, in the caller's transaction; return how many."""
    if not _is_own(conn, account, destination):
        return 0
    return parked.drop_items(conn, destination, choice)


def hurry(conn: Connection, account: int, destination: int) -> int:
    """Have what waits after failures tried at once; return how many."""
    return outbox.hurry(conn, destination) if _is_own(conn, account, destination) else 0


def _is_own(conn: Connection, account: int, destination: int) -> bool:
    return outbox.is_of_account(conn, account, destination)
