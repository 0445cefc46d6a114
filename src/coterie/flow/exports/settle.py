"""Writes down what came of loads: in the ledger, among the refused, or to be tried again."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from coterie.base.clock import to_us
from coterie.flow.exports.requests import OpenRequest, SentRow, sent_row
from coterie.model.delivery import (
    Acknowledged,
    Load,
    Postponed,
    QueueItem,
    Refused,
    Repeats,
    Settlement,
    Shipment,
    Told,
    Verdict,
)
from coterie.store import (
    BigintArray,
    Connection,
    IntArray,
    TextArray,
    array_text,
    load_queries,
    locks_by_update,
)

QUERIES = load_queries("outbox")

ENDED_UNANSWERED = "The sender ended before an answer came."

Rows = list[dict[str, Any]]
Acknowledgement = tuple[int, str, int, str, str, int, str, int]

_encode = msgspec.json.Encoder().encode


class DoubtPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of what was never answered.

    `repeats` is the policy of each destination that has a queue. A request may be worked for `life`
    after its sender gave it up.
    """

    repeats: Mapping[int, Repeats]
    life: timedelta


class Settling:
    """Gathers settlements of one transaction and writes each kind in one statement."""

    def __init__(self, *, now: datetime, policy: DoubtPolicy) -> None:
        self._now = now
        self._now_ms = to_us(now) // 1_000
        self._policy = policy
        self._acknowledged: list[Acknowledgement] = []
        self._refused: Rows = []
        self._postponed: Rows = []
        self._items: Rows = []

    def add(self, settlement: Settlement, *, request: int) -> None:
        """Settle one load of a request; number 0 stands for no request."""
        load = settlement.load
        if isinstance(load, QueueItem):
            self._items.append(self._item(load, settlement.verdict, request))
            return
        match settlement.verdict:
            case Acknowledged():
                self._acknowledged.append(self._told(load, request))
            case Refused() as verdict:
                self._refused.append(_refused(load, verdict))
            case Postponed() as verdict:
                self._postpone(load.row.destination, sent_row(load), verdict, request)

    def doubt(self, request: OpenRequest, *, seconds: float) -> None:
        """Settle a request that nobody knows the end of: it is sent again, as policies say."""
        verdict = Postponed(seconds, ENDED_UNANSWERED, is_failure=False)
        for row in request.sent.rows:
            self._postpone(request.destination, row, verdict, request.id)
        for item in request.sent.queued:
            self._items.append(self._doubtful(request.destination, item, verdict, request.id))

    def write(self, conn: Connection) -> None:
        """Write all that was added, in the order of keys, in which workers lock, too."""
        now = self._now
        others = [*self._refused, *self._postponed]
        if others and (self._acknowledged or (self._refused and self._postponed)):
            self._lock(conn, others)
        if self._acknowledged:
            self._write_acknowledged(conn)
        if self._refused:
            values = {"rows": _json(self._refused), "now": now}
            conn.execute(QUERIES.settle_refused.encode(), values)
        if self._postponed:
            conn.execute(QUERIES.settle_postponed.encode(), {"rows": _json(self._postponed)})
        if self._items:
            values = {"rows": msgspec.json.encode(self._items).decode(), "now": now}
            conn.execute(QUERIES.settle_items.encode(), values)

    def _told(self, shipment: Shipment, request: int) -> Acknowledgement:
        row, difference = shipment.row, shipment.difference
        at_ms = self._now_ms
        put = {key: (value, at_ms, request) for key, value in difference.put.items()}
        return (
            row.destination,
            row.recipient,
            row.version,
            _encode(put).decode() if put else "{}",
            array_text(difference.drop).decode() if difference.drop else "{}",
            int(difference.is_held),
            array_text(difference.left).decode() if row.uncertain else "",
            int(difference.has_more),
        )

    def _lock(self, conn: Connection, others: Rows) -> None:
        places = [(row["destination"], row["recipient"]) for row in others]
        places += [row[:2] for row in self._acknowledged]
        destinations, recipients = zip(*places, strict=True)
        values = {"destinations": BigintArray(destinations), "recipients": TextArray(recipients)}
        is_spread = locks_by_update(conn)
        lock = QUERIES.lock_spread_rows if is_spread else QUERIES.lock_rows
        conn.execute(lock.encode(), values)

    def _write_acknowledged(self, conn: Connection) -> None:
        # By far the most of what is written; arrays cost the server a fifth less than JSON.
        destinations, recipients, versions, puts, drops, held, stay, more = zip(
            *self._acknowledged, strict=True
        )
        values = {
            "destinations": BigintArray(destinations),
            "recipients": TextArray(recipients),
            "versions": BigintArray(versions),
            "puts": TextArray(puts),
            "drops": TextArray(drops),
            "held": IntArray(held),
            "stay": TextArray(stay),
            "more": IntArray(more),
            "now": self._now,
        }
        conn.execute(QUERIES.settle_acknowledged.encode(), values)

    def _postpone(self, destination: int, row: SentRow, verdict: Postponed, request: int) -> None:
        doubt: dict[str, Told] = {}
        if verdict.is_doubtful:
            doubt = {k: Told(value, self._now_ms, request) for k, value in row.items.items()}
        self._postponed.append(
            {
                "destination": destination,
                "recipient": row.recipient,
                "not_before": self._now + timedelta(seconds=verdict.seconds),
                "answer": verdict.answer,
                "failures": int(verdict.is_failure),
                "doubt": doubt,
                "again_at": self._now + self._policy.life if doubt else None,
            }
        )

    def _item(self, item: QueueItem, verdict: Verdict, request: int) -> dict[str, Any]:
        row: dict[str, Any] = {"id": item.id, "request": request, "failures": 0, "repeats": 0}
        match verdict:
            case Acknowledged():
                return row | {"state": "sent"}
            case Refused():
                return row | {
                    "state": "parked",
                    "reason": verdict.reason,
                    "answer": verdict.record,
                }
            case Postponed() if verdict.is_doubtful:
                return self._doubtful(item.destination, item.id, verdict, request)
            case Postponed():
                return row | self._again(verdict)

    def _doubtful(
        self, destination: int, item: int, verdict: Postponed, request: int
    ) -> dict[str, Any]:
        row: dict[str, Any] = {"id": item, "request": request, "failures": 0, "repeats": 0}
        if self._policy.repeats.get(destination) == "at_least_once":
            return row | self._again(verdict) | {"repeats": 1}
        return row | {"state": "doubtful", "reason": verdict.answer, "answer": verdict.answer}

    def _again(self, verdict: Postponed) -> dict[str, Any]:
        return {
            "state": "waiting",
            "not_before": self._now + timedelta(seconds=verdict.seconds),
            "answer": verdict.answer,
            "failures": int(verdict.is_failure),
        }


def recipients_of(loads: Sequence[Load]) -> set[str]:
    """Return the users that loads are for."""
    return {load.recipient if isinstance(load, QueueItem) else load.row.recipient for load in loads}


def _refused(shipment: Shipment, verdict: Refused) -> dict[str, Any]:
    return {
        "destination": shipment.row.destination,
        "recipient": shipment.row.recipient,
        "version": shipment.row.version,
        "reason": verdict.reason,
        "record": verdict.record,
    }


def _json(rows: Rows) -> str:
    return msgspec.json.encode(rows).decode()
