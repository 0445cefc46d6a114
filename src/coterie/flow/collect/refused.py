"""What doors refused, for who looks through it."""

from collections.abc import Sequence

from coterie.store import Connection, load_queries

SQL = load_queries("collect")


def read_refused(
    conn: Connection, account: int, after: int, *, limit: int
) -> list[tuple[int, bytes]]:
    """Return ids and bodies of what was refused, after an id."""
    asked = {"account": account, "after": after, "limit": limit}
    return [(number, bytes(body)) for number, body in conn.execute(SQL.refused_after, asked)]


def drop_refused(conn: Connection, account: int, ids: Sequence[int]) -> None:
    """Delete refused events."""
    if ids:
        conn.execute(SQL.drop_refused, {"account": account, "ids": list(ids)})
