"""The fence between changes of definitions and the batches that follow them."""

from coterie.store.pool import Connection
from coterie.store.queries import load_queries

FENCE = 4711001
"""Advisory lock: shared while a batch runs, exclusive while a definition changes."""

JOB_SPACE = 4711
"""First half of the two-part advisory lock that a runner holds on the job it works on."""


LINE_SPACE = 4712
"""First half of the two-part advisory lock that a batch holds on the line of its lane."""


def share_fence(conn: Connection) -> None:
    """Hold definitions as they are until this transaction ends; every batch starts with this."""
    conn.execute(load_queries("definitions").fence_shared.encode(), {"fence": FENCE})


def close_fence(conn: Connection) -> None:
    """Wait for the batches under way, and keep new ones waiting until this transaction ends."""
    conn.execute(load_queries("definitions").fence_exclusive.encode(), {"fence": FENCE})
