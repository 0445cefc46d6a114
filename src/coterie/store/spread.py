"""Knows whether rows are spread over several servers, and so which statement locks them."""

from weakref import WeakKeyDictionary

from coterie.store.pool import Connection
from coterie.store.queries import load_queries

_KNOWN: WeakKeyDictionary[Connection, bool] = WeakKeyDictionary()


def locks_by_update(conn: Connection) -> bool:
    """Say whether rows are locked by an update that changes nothing; asked once a connection.

    Citus has no FOR UPDATE over several shards (docs/decisions/0023).
    """
    known = _KNOWN.get(conn)
    if known is None:
        row = conn.execute(load_queries("citus").locks_by_update).fetchone()
        known = _KNOWN[conn] = bool(row and row[0])
    return known


def relax_commit(connection: Connection) -> None:
    """Let the commit of the present transaction return before it is on disk, as `relax_commits`."""
    waits = "on" if locks_by_update(connection) else "off"
    connection.execute("SELECT set_config('synchronous_commit', %s, true)", [waits])


def relax_commits(connection: Connection) -> None:
    """Let this connection's commits return before they are on disk.

    A crash may lose the last of them, each as a whole; on several servers it might lose a part of
    one, so there they wait.
    """
    waits = "on" if locks_by_update(connection) else "off"
    connection.execute("SELECT set_config('synchronous_commit', %s, false)", [waits])
    connection.commit()
