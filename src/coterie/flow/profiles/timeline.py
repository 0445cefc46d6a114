"""Which log rows mention an identifier: the index behind history, lineage, erasure."""

import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date

from coterie.model.mapped import Identifier, MappedEvent
from coterie.store import BigintArray, Connection, IntArray, UuidArray, copy_packed, load_queries

SQL = load_queries("profiles")

NameNode = Callable[[Identifier], bytes]

# Five columns, each with its length before it: account, and the length of a node (uuid); after
# the node, day, lane, seq.
_HEAD = struct.Struct("!hiqi").pack
_PLACE = struct.Struct("!iiiiiq").pack
_PG_EPOCH_DAY = date(2000, 1, 1).toordinal()
_UNIX_EPOCH_DAY = date(1970, 1, 1).toordinal()
_DAY_US = 86_400_000_000


PLACES_AT_ONCE = 1_000

Places = list[tuple[int, int, date]]
"""Events of the log: lane, number, day received."""


def find_mentions(
    conn: Connection, account: int, nodes: Sequence[bytes], until: Mapping[int, int]
) -> Iterator[Places]:
    """Yield where the events are that mention one of `nodes`, `PLACES_AT_ONCE` at a time.

    `until` gives the last number that is asked for in each lane.
    """
    asked = {
        "account": account,
        "nodes": UuidArray([node.hex() for node in nodes]),
        "lanes": IntArray(list(until)),
        "seqs": BigintArray(list(until.values())),
    }
    with conn.cursor(binary=True) as rows:
        rows.execute(SQL.find_mentions, asked)
        while places := rows.fetchmany(PLACES_AT_ONCE):
            yield places


def latest_mentions(
    conn: Connection, account: int, nodes: Sequence[bytes], *, limit: int
) -> Places:
    """Return where the newest events are that mention one of `nodes`, each once."""
    asked = {
        "account": account,
        "nodes": UuidArray([node.hex() for node in nodes]),
        "limit": limit,
    }
    with conn.cursor(binary=True) as rows:
        return rows.execute(SQL.latest_mentions, asked).fetchall()


def mentioned_nodes(conn: Connection, account: int, nodes: Sequence[bytes]) -> list[bytes]:
    """Return those of `nodes` that some event which the log still holds mentions."""
    asked = {"account": account, "nodes": UuidArray([node.hex() for node in nodes])}
    with conn.cursor(binary=True) as rows:
        return [row[0].bytes for row in rows.execute(SQL.mentioned_nodes, asked)]


def write_timeline(
    conn: Connection, account: int, events: Iterable[MappedEvent], name_node: NameNode
) -> None:
    """Note each event under each of its identifiers."""
    rows: list[bytes] = []
    head = _HEAD(5, 8, account, 16)
    for event in events:
        day = event.received_us // _DAY_US + _UNIX_EPOCH_DAY - _PG_EPOCH_DAY
        place = _PLACE(4, day, 4, event.lane, 8, event.seq)
        rows += [head + name_node(identifier) + place for identifier in event.identifiers]
    # Neighbours in the index come one after the other.
    rows.sort()
    copy_packed(conn, SQL.copy_timeline, rows)


def take_mentions(conn: Connection, account: int, nodes: Sequence[bytes], *, limit: int) -> Places:
    """Return where some events are that mention one of `nodes`, each once."""
    asked = {
        "account": account,
        "nodes": UuidArray([node.hex() for node in nodes]),
        "limit": limit,
    }
    with conn.cursor(binary=True) as rows:
        return rows.execute(SQL.take_mentions, asked).fetchall()


def drop_mentions(conn: Connection, account: int, nodes: Sequence[bytes], places: Places) -> None:
    """Note no longer that events at these places mention `nodes`."""
    asked = {
        "account": account,
        "nodes": UuidArray([node.hex() for node in nodes]),
        "lanes": IntArray([lane for lane, _, _ in places]),
        "seqs": BigintArray([seq for _, seq, _ in places]),
        "days": [day for _, _, day in places],
    }
    conn.execute(SQL.drop_mentions, asked)
