"""The delivering side of the outbox table."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from coterie.model.delivery import (
    Acknowledged,
    OutboxRow,
    ParkedRow,
    Postponed,
    Refused,
    Settlement,
    Shipment,
)
from coterie.store import Connection, load_queries

QUERIES = load_queries("outbox")


def take(conn: Connection, destination: int, *, limit: int, now: datetime) -> list[OutboxRow]:
    """Return rows that are due, the freshest kind first. Nothing is locked.

    Only the holder of the authorization's lock may call this and send what it gets.
    """
    values = {"destination": destination, "limit": limit, "now": now}
    return [
        OutboxRow(
            destination=row[0],
            recipient=row[1],
            wanted=frozenset(row[2]),
            told=frozenset(row[3]),
            in_doubt=frozenset(row[4]),
            version=row[5],
            attempts=row[6],
        )
        for row in conn.execute(QUERIES.take.encode(), values)
    ]


def mark_in_doubt(
    conn: Connection, destination: int, shipments: Sequence[Shipment]
) -> list[Shipment]:
    """Durably put in doubt all that is about to be sent; return the shipments that may leave.

    A row whose wish changed since it was read is left out and is due again.
    """
    rows = [
        {
            "recipient": shipment.row.recipient,
            "version": shipment.row.version,
            "sent": shipment.difference.add + shipment.difference.remove,
        }
        for shipment in shipments
    ]
    with conn.transaction():
        conn.execute(QUERIES.commit_durably.encode())
        found = conn.execute(
            QUERIES.mark_in_doubt.encode(), {"destination": destination, "rows": _json(rows)}
        )
        marked = {row[0] for row in found}
    return [shipment for shipment in shipments if shipment.row.recipient in marked]


def settle(
    conn: Connection, destination: int, settlements: Sequence[Settlement], *, now: datetime
) -> None:
    """Write down what came of shipments that were marked, or that had nothing to send."""
    acknowledged: list[dict[str, Any]] = []
    refused: list[dict[str, Any]] = []
    postponed: list[dict[str, Any]] = []
    for settlement in settlements:
        match settlement.verdict:
            case Acknowledged():
                acknowledged.append(_acknowledged(settlement.shipment))
            case Refused() as verdict:
                refused.append(_refused(settlement.shipment, verdict))
            case Postponed() as verdict:
                postponed.append(_postponed(settlement.shipment, verdict))
    with conn.transaction():
        if acknowledged:
            values = {"destination": destination, "rows": _json(acknowledged), "now": now}
            conn.execute(QUERIES.settle_acknowledged.encode(), values)
        if refused:
            values = {"destination": destination, "rows": _json(refused), "now": now}
            conn.execute(QUERIES.settle_refused.encode(), values)
        if postponed:
            values = {"destination": destination, "rows": _json(postponed)}
            conn.execute(QUERIES.settle_postponed.encode(), values)


def rearm(conn: Connection, destination: int, *, doubtful_from: datetime) -> int:
    """Make rows due that rest although they differ; return how many rows that may concern.

    A sender calls this when it takes over and when a job is resumed. Values in doubt wait until
    `doubtful_from`, so that they cannot overtake a request that a dead sender left on the wire.
    """
    values = {"destination": destination, "doubtful_from": doubtful_from}
    return conn.execute(QUERIES.rearm.encode(), values).rowcount


def hurry(conn: Connection, destination: int) -> int:
    """End the back-off of all rows, because the destination answers again; return their number."""
    return conn.execute(QUERIES.hurry.encode(), {"destination": destination}).rowcount


def count_waiting(conn: Connection, destination: int) -> int:
    """Return how many users' changes have yet to go to the destination."""
    found = conn.execute(QUERIES.count_waiting.encode(), {"destination": destination}).fetchone()
    return int(found[0]) if found else 0


def list_parked(
    conn: Connection, destination: int, *, after: str = "", limit: int = 100
) -> list[ParkedRow]:
    """Return what the destination refused, in order of recipient, those after `after`."""
    values = {"destination": destination, "after": after, "limit": limit}
    return [
        ParkedRow(recipient=row[0], reason=row[1], record=row[2], at=row[3])
        for row in conn.execute(QUERIES.list_parked.encode(), values)
    ]


def replay_parked(
    conn: Connection, destination: int, *, recipients: Iterable[str] | None = None
) -> int:
    """Make refused rows due again, all of them if `recipients` is None; return their number."""
    chosen = None if recipients is None else list(recipients)
    values = {"destination": destination, "recipients": chosen}
    return conn.execute(QUERIES.replay_parked.encode(), values).rowcount


def _acknowledged(shipment: Shipment) -> dict[str, Any]:
    return {
        "recipient": shipment.row.recipient,
        "version": shipment.row.version,
        "added": shipment.difference.add,
        "removed": shipment.difference.remove,
    }


def _refused(shipment: Shipment, verdict: Refused) -> dict[str, Any]:
    sent = shipment.difference.add + shipment.difference.remove
    return {
        "recipient": shipment.row.recipient,
        "version": shipment.row.version,
        "fresh": [value for value in sent if value not in shipment.row.in_doubt],
        "reason": verdict.reason,
        "record": verdict.record,
    }


def _postponed(shipment: Shipment, verdict: Postponed) -> dict[str, Any]:
    return {
        "recipient": shipment.row.recipient,
        "not_before": verdict.not_before,
        "answer": verdict.answer,
        "is_failure": verdict.is_failure,
    }


def _json(rows: list[dict[str, Any]]) -> str:
    return msgspec.json.encode(rows).decode()
