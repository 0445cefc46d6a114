"""The queue of what cannot be told twice: events and purchases, one row each, in order."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import msgspec

from coterie.model.delivery import Json, NewQueueItem, QueueItem
from coterie.store import Connection, TextArray, load_queries

QUERIES = load_queries("outbox")


class Queued(msgspec.Struct, frozen=True, kw_only=True):
    """An item that was not sent yet, or perhaps not, and which event it is, by lane and number."""

    id: int
    place: tuple[int, int]
    queued_at: datetime


class _Read(msgspec.Struct, frozen=True, array_like=True):
    id: int
    recipient: str
    body: Json
    attempts: int


_read = msgspec.json.Decoder(list[_Read]).decode


def enqueue(
    conn: Connection,
    destination: int,
    items: Sequence[NewQueueItem],
    *,
    account: int,
    now: datetime,
) -> int:
    """Queue items in their order, in the caller's transaction; return how many are new.

    An item whose `origin` the destination has had before is left out, so a batch may be repeated.
    """
    rows: list[dict[str, Any]] = [
        {"recipient": item.recipient, "origin": item.origin, "body": item.body} for item in items
    ]
    values = {
        "destination": destination,
        "account": account,
        "now": now,
        "rows": msgspec.json.encode(rows).decode(),
    }
    return conn.execute(QUERIES.enqueue.encode(), values).rowcount


def take_items(
    conn: Connection,
    destination: int,
    *,
    limit: int,
    now: datetime,
    busy: Collection[str] = (),
    after: int = 0,
) -> tuple[list[QueueItem], int]:
    """Return due items after an id, in order, and the id of the last (0 at the end).

    What a user has waiting goes in order, so nothing is returned of a user who has an item that
    failed and is not due yet; `busy` users are left out, too.
    """
    values = {
        "destination": destination,
        "limit": limit,
        "now": now,
        "busy": TextArray(list(busy)),
        "after": after,
    }
    found = conn.execute(QUERIES.take_items.encode(), values).fetchone()
    items = [
        QueueItem(
            destination=destination,
            id=one.id,
            recipient=one.recipient,
            body=one.body,
            attempts=one.attempts,
        )
        for one in (_read(found[0]) if found else ())
    ]
    return items, items[-1].id if len(items) == limit else 0


def queued_after(conn: Connection, destination: int, after: int, *, limit: int) -> list[Queued]:
    """Return the next items after an id that may still be sent, without a lock."""
    asked = {"destination": destination, "after": after, "limit": limit}
    rows = conn.execute(QUERIES.queued_after.encode(), asked)
    # An origin begins with the job, the lane and the number of its event (see `feeds`).
    return [
        Queued(id=number, place=(int(lane), int(seq)), queued_at=queued_at)
        for number, lane, seq, queued_at in rows
    ]
