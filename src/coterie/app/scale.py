"""Brings an installation to several servers."""

from collections.abc import Iterator

from coterie.store import Store
from coterie.store.citus import Step, missing_steps, spread_next


def plan_spread(store: Store) -> list[Step]:
    """Return the tables that are not spread over a Citus cluster yet."""
    with store.transaction() as conn:
        return missing_steps(conn)


def spread(store: Store) -> Iterator[Step]:
    """Spread one table after the other, each in a transaction of its own; yield what was done.

    Safe to run again. Raises CitusMissingError.
    """
    while True:
        with store.transaction() as conn:
            step = spread_next(conn)
        if step is None:
            return
        yield step
