"""The journal of requests: what is under way, what came of it, what a dead sender left behind."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec

from coterie.model.delivery import Json, Load, QueueItem, Shipment
from coterie.store import BigintArray, BytesArray, Connection, IntArray, load_queries

QUERIES = load_queries("outbox")

ANSWER_CHARACTERS = 500
Outcome = Literal["answered", "refused", "postponed", "unknown"]


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A request of one destination that is about to leave."""

    id: int
    destination: int
    loads: tuple[Load, ...]


class Closing(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a request; `status` is None if no answer came."""

    id: int
    outcome: Outcome
    status: int | None
    answer: str
    refused: int = 0


class SentRow(msgspec.Struct, frozen=True, array_like=True):
    """What a request carries for one recipient: items by key, None where one goes."""

    recipient: str
    items: dict[str, Json]


class Sent(msgspec.Struct, frozen=True, array_like=True):
    """What a request carries: rows of the outbox, ids of queued items."""

    rows: list[SentRow]
    queued: list[int]


class PackedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request as it is written down before it leaves; `queued` are ids of its items."""

    id: int
    destination: int
    objects: int
    sent: bytes
    queued: list[int]


class OpenRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request that nobody knows the end of."""

    id: int
    destination: int
    opened_at: datetime
    sent: Sent


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Sent).decode


def next_numbers(conn: Connection, count: int) -> list[int]:
    """Return numbers for requests."""
    found = conn.execute(QUERIES.next_requests.encode(), {"count": count})
    return [row[0] for row in found]


def pack_request(request: Request) -> PackedRequest:
    """Return a request as it is written down."""
    rows = [sent_row(load) for load in request.loads if isinstance(load, Shipment)]
    sent = Sent(rows, [load.id for load in request.loads if isinstance(load, QueueItem)])
    return PackedRequest(
        id=request.id,
        destination=request.destination,
        objects=len(request.loads),
        sent=_encode(sent),
        queued=sent.queued,
    )


def open_requests(
    conn: Connection, authorization_id: int, requests: Sequence[PackedRequest], *, now: datetime
) -> frozenset[int]:
    """Write down what is about to leave, in the caller's transaction; return what must not leave.

    These are the numbers of requests with an item that was dropped since it was read, because its
    person was forgotten. What else they carry is to be read again.
    """
    gone = _gone(conn, requests)
    requests = [request for request in requests if request.id not in gone]
    values = {
        "authorization_id": authorization_id,
        "ids": BigintArray([request.id for request in requests]),
        "destinations": BigintArray([request.destination for request in requests]),
        "objects": IntArray([request.objects for request in requests]),
        "sent": BytesArray([request.sent for request in requests]),
        "now": now,
    }
    conn.execute(QUERIES.open_requests.encode(), values)
    return gone


def close_requests(conn: Connection, closings: Sequence[Closing], *, now: datetime) -> None:
    """Write down what came of requests, in the transaction that settles what they carried."""
    rows = [
        {
            "id": closing.id,
            "outcome": closing.outcome,
            "status": closing.status,
            "answer": closing.answer[:ANSWER_CHARACTERS],
            "refused": closing.refused,
        }
        for closing in closings
    ]
    values = {"rows": msgspec.json.encode(rows).decode(), "now": now}
    conn.execute(QUERIES.close_requests.encode(), values)


def list_open_requests(conn: Connection, authorization_id: int) -> list[OpenRequest]:
    """Return what a sender before this one left without an answer, oldest first."""
    asked = {"authorization_id": authorization_id}
    return [
        OpenRequest(id=row[0], destination=row[1], sent=_decode(row[2]), opened_at=row[3])
        for row in conn.execute(QUERIES.list_open_requests.encode(), asked)
    ]


def forget_requests(conn: Connection, *, before: datetime, limit: int) -> int:
    """Delete at most `limit` requests that were closed before an instant; return their number."""
    values = {"before": before, "limit": limit}
    return conn.execute(QUERIES.forget_requests.encode(), values).rowcount


def forget_items(conn: Connection, *, before: datetime, limit: int) -> int:
    """Delete at most `limit` events and purchases that were over before an instant.

    Those that waited when the last of their jobs ended are never sent, and go as well.
    """
    values = {"before": before, "limit": limit}
    return conn.execute(QUERIES.forget_items.encode(), values).rowcount


def _gone(conn: Connection, requests: Sequence[PackedRequest]) -> frozenset[int]:
    asked = sorted({item for request in requests for item in request.queued})
    if not asked:
        return frozenset()
    locked = conn.execute(QUERIES.lock_items.encode(), {"ids": BigintArray(asked)})
    waiting = {item for (item,) in locked}
    return frozenset(one.id for one in requests if not waiting.issuperset(one.queued))


def sent_row(shipment: Shipment) -> SentRow:
    """Return what a shipment carries."""
    difference = shipment.difference
    items = difference.put
    if difference.drop:
        items = {**items, **dict.fromkeys(difference.drop)}
    return SentRow(shipment.row.recipient, items)
