"""The delivering side of the outbox table: what is due."""

from collections.abc import Collection
from datetime import datetime

import msgspec

from coterie.model.delivery import Items, OutboxRow, Told
from coterie.store import Connection, TextArray, load_queries

QUERIES = load_queries("outbox")


class Position(msgspec.Struct, frozen=True):
    """Where in a destination's waiting rows a reader stands."""

    not_before: str = "-infinity"
    recipient: str = ""


START = Position()


class _Read(msgspec.Struct, frozen=True, array_like=True):
    recipient: str
    wanted: Items
    told: dict[str, Told]
    in_doubt: dict[str, Told]
    version: int
    attempts: int
    told_version: int
    not_before: str


_read = msgspec.json.Decoder(list[_Read]).decode


def take(
    conn: Connection,
    destination: int,
    *,
    limit: int,
    now: datetime,
    busy: Collection[str] = (),
    after: Position = START,
) -> tuple[list[OutboxRow], Position]:
    """Return rows that are due and stand after a position, and the position of the last of them.

    Nothing is locked: only the holder of the authorization's lock may call this and send what it
    gets. `busy` are recipients that have a request under way. At the end the position is `START`.
    """
    values = {
        "destination": destination,
        "limit": limit,
        "now": now,
        "busy": TextArray(list(busy)),
        "after_instant": after.not_before,
        "after_recipient": after.recipient,
    }
    found = conn.execute(QUERIES.take.encode(), values).fetchone()
    read = _read(found[0]) if found else []
    rows = [
        OutboxRow(
            destination=destination,
            recipient=one.recipient,
            wanted=one.wanted,
            told=one.told,
            in_doubt=one.in_doubt,
            version=one.version,
            attempts=one.attempts,
            told_version=one.told_version,
        )
        for one in read
    ]
    if len(read) < limit:
        return rows, START
    return rows, Position(read[-1].not_before, read[-1].recipient)


def unhold(conn: Connection, destination: int) -> int:
    """Make rows due whose items were kept back, because a job was resumed; return their number."""
    return conn.execute(QUERIES.unhold.encode(), {"destination": destination}).rowcount


def hurry(conn: Connection, destination: int) -> int:
    """End the back-off of all rows, because the destination answers again; return their number."""
    values = {"destination": destination}
    rows = conn.execute(QUERIES.hurry.encode(), values).rowcount
    return rows + conn.execute(QUERIES.hurry_queue.encode(), values).rowcount


def count_waiting(conn: Connection, destination: int) -> int:
    """Return how many users' changes, events and purchases have yet to go to the destination."""
    found = conn.execute(QUERIES.count_waiting.encode(), {"destination": destination}).fetchone()
    return int(found[0]) if found else 0
