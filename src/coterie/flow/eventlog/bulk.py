"""Appending events inside a transaction of the caller's, as imports do."""

from collections.abc import Sequence
from datetime import datetime

from coterie.base.errors import PermanentError
from coterie.flow.eventlog.encode import copy_data, encode_events
from coterie.flow.eventlog.prepare import ensure_days
from coterie.model.events import IncomingEvent
from coterie.store import Connection, load_queries

SQL = load_queries("eventlog")


class UnknownLaneError(PermanentError):
    """Events were meant for a lane that was never made."""

    code = "unknown_lane"

    def __init__(self, *, lane: int) -> None:
        super().__init__(
            f"The event log has no lane {lane}. Start Coterie with the number of lanes that the "
            "database was made with, or more."
        )


def token_holds(conn: Connection, token_id: int | None, *, now: datetime) -> bool:
    """Say whether a token may still write; None needs no token."""
    if token_id is None:
        return True
    row = conn.execute(SQL.token_holds, {"token_id": token_id, "now": now}).fetchone()
    return row is not None


def append_events(conn: Connection, lane: int, events: Sequence[IncomingEvent]) -> None:
    """Write `events` to `lane`, in order; they are in the log once the caller's commit is.

    The lane stays locked until then, so append last and commit soon. Raises UnknownLaneError,
    UnstorableEventError.
    """
    if not events:
        return
    for day in sorted({event.received_at.date() for event in events}):
        ensure_days(conn, day)
    rows = encode_events(events)
    head = conn.execute(SQL.extend_lane, {"lane": lane, "events": len(rows)}).fetchone()
    if head is None:
        raise UnknownLaneError(lane=lane)
    with conn.cursor() as cursor, cursor.copy(SQL.copy_events) as copy:
        copy.write(copy_data(lane, int(head[0]) - len(rows) + 1, rows))
