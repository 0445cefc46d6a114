"""Keeping what was refused, so that a person can repair it."""

from collections.abc import Sequence
from datetime import date, datetime

from coterie.model.events import RejectedEvent
from coterie.store import AsyncConnection, Connection, load_queries

SQL = load_queries("collect")


def keep_rejected(conn: Connection, rejected: Sequence[RejectedEvent]) -> None:
    """Write `rejected` in the caller's transaction."""
    if rejected:
        conn.execute(SQL.keep_rejected, _columns(rejected))


async def keep_rejected_async(conn: AsyncConnection, rejected: Sequence[RejectedEvent]) -> None:
    """Write `rejected` in the caller's transaction."""
    if rejected:
        await conn.execute(SQL.keep_rejected, _columns(rejected))


def keep_set_aside(conn: Connection, day: date) -> None:
    """Keep the events of a received day that the worker set aside, before the log forgets them."""
    conn.execute(SQL.keep_set_aside, {"day": day})


def forget_rejected(conn: Connection, *, before: datetime, limit: int) -> int:
    """Forget what was refused before an instant, at most `limit` at once; return how many."""
    return conn.execute(SQL.forget_rejected, {"before": before, "count": limit}).rowcount


def find_rejected(conn: Connection, account: int, number: int) -> RejectedEvent | None:
    """Lock a rejected event that waits for repair; None if there is none."""
    asked = {"account": account, "number": number}
    row = conn.execute(SQL.find_rejected, asked).fetchone()
    if row is None:
        return None
    stream, received_at, source, position, reason, body = row
    return RejectedEvent(
        account=account,
        stream=stream,
        received_at=received_at,
        source=source,
        position=position,
        reason=reason,
        body=body,
    )


def mark_rejected_repaired(conn: Connection, number: int, *, by: str, now: datetime) -> None:
    """Note that a rejected event was run again."""
    conn.execute(SQL.mark_rejected_repaired, {"number": number, "by": by, "now": now})


def _columns(rejected: Sequence[RejectedEvent]) -> dict[str, object]:
    return {
        "accounts": [event.account for event in rejected],
        "streams": [event.stream for event in rejected],
        "received": [event.received_at for event in rejected],
        "sources": [event.source for event in rejected],
        "positions": [event.position for event in rejected],
        "reasons": [event.reason for event in rejected],
        "bodies": [event.body for event in rejected],
    }
