"""The one way to change what the data plane must know of."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple

from coterie.base.clock import Clock
from coterie.control.rows import get_value
from coterie.store import Connection, Store, load_queries
from coterie.store.fences import close_fence


class Change(NamedTuple):
    """The transaction of a change, and the instant from which it is in force."""

    conn: Connection
    now: datetime


@contextmanager
def definition_change(store: Store, clock: Clock) -> Iterator[Change]:
    """Run the block as one change between two batches, under a new epoch.

    The clock is read once no batch is under way: an event that was processed under the old
    definitions was received before `now`, which is what `published_at` and `started_at` promise.
    """
    with store.transaction() as conn:
        close_fence(conn)
        get_value(conn, load_queries("definitions").bump_epoch, {}, kind=int)
        yield Change(conn, clock())
