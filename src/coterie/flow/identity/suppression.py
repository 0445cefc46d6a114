"""Whose events are not kept, because the person was forgotten."""

from collections.abc import Collection
from datetime import UTC, datetime

from coterie.store import Connection, UuidArray, load_queries

SQL = load_queries("identity")

FOREVER = datetime(9999, 1, 1, tzinfo=UTC)


def suppress(conn: Connection, account: int, nodes: Collection[bytes], *, until: datetime) -> None:
    """Let events that name one of `nodes` and are received before `until` not be kept."""
    asked = {"account": account, "nodes": _uuids(nodes), "until": until}
    conn.execute(SQL.suppress, asked)


def find_suppressed(
    conn: Connection, account: int, nodes: Collection[bytes]
) -> dict[bytes, datetime]:
    """Return those of `nodes` that are suppressed, with until when."""
    asked = {"account": account, "nodes": _uuids(nodes)}
    with conn.cursor(binary=True) as rows:
        return dict(rows.execute(SQL.find_suppressed, asked).fetchall())


def unsuppress(conn: Connection, account: int, nodes: Collection[bytes]) -> int:
    """Let people come back; return how many of their identifiers were suppressed."""
    return conn.execute(SQL.unsuppress, {"account": account, "nodes": _uuids(nodes)}).rowcount


def _uuids(nodes: Collection[bytes]) -> UuidArray:
    return UuidArray([node.hex() for node in sorted(nodes)])
