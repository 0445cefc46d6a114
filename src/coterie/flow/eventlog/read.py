"""A lane of the event log as its worker reads it."""

from collections.abc import Sequence
from datetime import date, datetime

from coterie.flow.eventlog.lanes import line_of
from coterie.model.events import LaneCursor, LoggedEvent
from coterie.store import BigintArray, Connection, IntArray, load_queries
from coterie.store.fences import LINE_SPACE

SQL = load_queries("eventlog")


def lanes_with_work(conn: Connection) -> list[int]:
    """Return the lanes that hold events after their cursor, the one that waited longest first."""
    return [row[0] for row in conn.execute(SQL.lanes_with_work)]


def take_lane(conn: Connection, lane: int, *, alone: bool = False) -> LaneCursor | None:
    """Lock `lane` until the transaction ends; None if another worker holds it or there is none.

    `alone`: None also while another worker, which asked for the same, is at a lane of its line.
    """
    if alone:
        asked = {"lane": lane, "space": LINE_SPACE, "line": line_of(lane)}
        row = conn.execute(SQL.take_lane_alone, asked).fetchone()
    else:
        row = conn.execute(SQL.take_lane, {"lane": lane}).fetchone()
    return None if row is None else LaneCursor(*row)


def read_after(conn: Connection, cursor: LaneCursor, *, limit: int) -> list[LoggedEvent]:
    """Return the next events of the cursor's lane, at most `limit`, in order of their numbers.

    The numbers of a lane have no gaps, because they are given out in the transaction that writes
    the events. So a gap in what the cursor's day and later ones hold says that an event just after
    it lies in an earlier day (two collectors around midnight, a clock that was set back), and all
    days are asked.
    """
    asked = {
        "lane": cursor.lane,
        "after": cursor.seq,
        "until": cursor.seq + limit,
        "day": cursor.day,
    }
    with conn.cursor(binary=True) as rows:
        events = as_events(rows.execute(SQL.read_range, asked).fetchall())
        if _is_gapless(events, after=cursor.seq):
            return events
        anywhere = {"lane": cursor.lane, "after": cursor.seq, "count": limit}
        return as_events(rows.execute(SQL.read_next, anywhere).fetchall())


def read_next_after(conn: Connection, lane: int, seq: int, *, limit: int) -> list[LoggedEvent]:
    """Return the next events of a lane after `seq` that the log still holds, in order."""
    with conn.cursor(binary=True) as rows:
        asked = {"lane": lane, "after": seq, "count": limit}
        return as_events(rows.execute(SQL.read_next, asked).fetchall())


def read_places(conn: Connection, places: Sequence[tuple[int, int, date]]) -> list[LoggedEvent]:
    """Return the events at these places (lane, number, day received) that the log still holds."""
    asked = {
        "lanes": IntArray([lane for lane, _, _ in places]),
        "seqs": BigintArray([seq for _, seq, _ in places]),
        "days": [day for _, _, day in places],
    }
    with conn.cursor(binary=True) as rows:
        return as_events(rows.execute(SQL.read_places, asked).fetchall())


def read_newest(conn: Connection, account: int, stream: str, *, limit: int) -> list[LoggedEvent]:
    """Return the newest events of a stream, the newest first."""
    with conn.cursor(binary=True) as rows:
        asked = {"account": account, "stream": stream, "limit": limit}
        return as_events(rows.execute(SQL.read_newest, asked).fetchall())


def read_since(
    conn: Connection, account: int, stream: str, *, since: datetime, limit: int
) -> tuple[list[LoggedEvent], int]:
    """Return the newest events of a stream since an instant, and how many there are in all.

    Repeats are left out of the first, and counted.
    """
    asked = {"account": account, "stream": stream, "since": since, "day": since.date()}
    with conn.cursor(binary=True) as rows:
        counted = rows.execute(SQL.count_since.encode(), asked).fetchone()
        found = rows.execute(SQL.read_since.encode(), {**asked, "limit": limit}).fetchall()
    return as_events(found), int(counted[0]) if counted else 0


def advance(conn: Connection, lane: int, *, seq: int, day: date, at: datetime) -> None:
    """Move the cursor of `lane` to `seq`, received on `day`; holds with the caller's commit."""
    conn.execute(SQL.advance_lane, {"lane": lane, "seq": seq, "day": day, "at": at})


def as_events(
    rows: Sequence[tuple[int, int, int, str, datetime, str, datetime | None, bytes | None]],
) -> list[LoggedEvent]:
    """Return the rows of a query of the log as events."""
    return [
        LoggedEvent(
            lane=lane,
            seq=seq,
            account=account,
            stream=stream,
            received_at=received_at,
            body=body,
            occurred_at=occurred_at,
            message_hash=message_hash,
        )
        for lane, seq, account, stream, received_at, body, occurred_at, message_hash in rows
    ]


def _is_gapless(events: Sequence[LoggedEvent], *, after: int) -> bool:
    return bool(events) and events[0].seq == after + 1 and events[-1].seq == after + len(events)
