"""The end of changes that were kept for long enough."""

from datetime import datetime

from coterie.store import Connection, load_queries

SQL = load_queries("changes")


def change_lanes(conn: Connection) -> list[int]:
    """Return the lanes that may hold changes."""
    return [row[0] for row in conn.execute(SQL.list_change_lanes)]


def forget_changes(conn: Connection, lane: int, *, before: datetime, count: int = 5_000) -> bool:
    """Forget changes of `lane` from before an instant; say whether there were any.

    Looks at `count` of the oldest at a time, so it is called until there are none. Changes go in
    the order of their numbers: an older one behind a younger one waits for it.
    """
    asked = {"lane": lane, "before": before, "count": count}
    row = conn.execute(SQL.last_forgettable, asked).fetchone()
    if row is None or row[0] is None:
        return False
    place = {"lane": lane, "seq": row[0]}
    conn.execute(SQL.forget_changes, place)
    conn.execute(SQL.raise_floor, place)
    return True
