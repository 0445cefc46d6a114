"""Verdicts on logged events that were not simply processed."""

from collections.abc import Sequence
from datetime import datetime

from coterie.model.events import EventOutcome
from coterie.store import Connection, load_queries

SQL = load_queries("eventlog")


def record_outcomes(
    conn: Connection, outcomes: Sequence[EventOutcome], *, decided_at: datetime
) -> None:
    """Keep `outcomes` for a person to look at; the last verdict on an event holds."""
    if not outcomes:
        return
    last = {(outcome.lane, outcome.seq): outcome for outcome in outcomes}
    conn.execute(
        SQL.record_outcomes,
        {
            "lanes": [outcome.lane for outcome in last.values()],
            "seqs": [outcome.seq for outcome in last.values()],
            "accounts": [outcome.account for outcome in last.values()],
            "streams": [outcome.stream for outcome in last.values()],
            "kinds": [outcome.kind for outcome in last.values()],
            "reasons": [outcome.reason for outcome in last.values()],
            "decided_at": decided_at,
        },
    )


def find_open_outcome(conn: Connection, account: int, stream: str, lane: int, seq: int) -> bool:
    """Lock the verdict on an event that made no difference; False if none waits for repair."""
    asked = {"account": account, "stream": stream, "lane": lane, "seq": seq}
    return conn.execute(SQL.find_open_outcome, asked).fetchone() is not None


def mark_taken_repaired(conn: Connection, generation: int, *, by: str, now: datetime) -> None:
    """Note that events which were set aside count in a generation that becomes live."""
    conn.execute(SQL.mark_taken_repaired, {"number": generation, "by": by, "now": now})


def unreadable_streams(conn: Connection) -> list[tuple[int, str]]:
    """Return account and name of the streams whose events wait for a mapping to be corrected."""
    return conn.execute(SQL.unreadable_streams).fetchall()


def unreadable_events(
    conn: Connection, account: int, stream: str, *, limit: int
) -> list[tuple[int, int]]:
    """Return lane and number of events of a stream that wait for a mapping to be corrected."""
    asked = {"account": account, "stream": stream, "limit": limit}
    return conn.execute(SQL.unreadable_events, asked).fetchall()


def mark_repaired(conn: Connection, lane: int, seq: int, *, by: str, now: datetime) -> None:
    """Note that a rejected event was run again; its verdict stands for the event as it was."""
    conn.execute(SQL.mark_outcome_repaired, {"lane": lane, "seq": seq, "by": by, "now": now})
