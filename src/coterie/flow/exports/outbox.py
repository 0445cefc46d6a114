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


_read_items = msgspec.json.Decoder(Items).decode
_read_told = msgspec.json.Decoder(dict[str, Told]).decode
NEVER: dict[str, Told] = {}


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
    with conn.cursor(binary=True) as cursor:
        read = cursor.execute(QUERIES.take.encode(), values).fetchall()
    rows = [
        OutboxRow(
            destination=destination,
            recipient=recipient,
            wanted=_read_items(wanted),
            told=_read_told(told) if told else NEVER,
            in_doubt=_read_told(in_doubt) if in_doubt else NEVER,
            version=version,
            attempts=attempts,
            told_version=told_version,
        )
        for recipient, wanted, told, in_doubt, version, attempts, told_version, _ in read
    ]
    if len(read) < limit:
        return rows, START
    return rows, Position(read[-1][7], read[-1][0])


def unhold(conn: Connection, destination: int) -> int:
    """Make rows due whose items were kept back, because a job was resumed; return their number."""
    return conn.execute(QUERIES.unhold.encode(), {"destination": destination}).rowcount


def hurry(conn: Connection, destination: int) -> int:
    """End the back-off of all rows, because the destination answers again; return their number."""
    values = {"destination": destination}
    rows = conn.execute(QUERIES.hurry.encode(), values).rowcount
    return rows + conn.execute(QUERIES.hurry_queue.encode(), values).rowcount


def is_of_account(conn: Connection, account: int, destination: int) -> bool:
    """Answer whether a destination is in use by an account."""
    values = {"account": account, "destination": destination}
    return conn.execute(QUERIES.is_of_account.encode(), values).fetchone() is not None


def count_waiting(conn: Connection, destination: int) -> int:
    """Return how many users' changes, events and purchases have yet to go to the destination."""
    found = conn.execute(QUERIES.count_waiting.encode(), {"destination": destination}).fetchone()
    return int(found[0]) if found else 0
