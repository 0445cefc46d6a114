"""Takes what is to be forgotten out of the log."""

from collections.abc import Mapping

from coterie.flow.eventlog.read import as_events
from coterie.model.events import LoggedEvent
from coterie.store import BigintArray, Connection, IntArray, TextArray, load_queries

SQL = load_queries("eventlog")

NOTHING = "{}"
"""The body of an event that was erased; its number stays, since lanes have no gaps."""


def rewrite_events(conn: Connection, bodies: Mapping[LoggedEvent, str]) -> None:
    """Give events other bodies; `NOTHING` erases one."""
    if not bodies:
        return
    events = sorted(bodies, key=lambda event: (event.lane, event.seq))
    conn.execute(
        SQL.rewrite_events,
        {
            "lanes": IntArray([event.lane for event in events]),
            "seqs": BigintArray([event.seq for event in events]),
            "days": [event.received_at.date() for event in events],
            "bodies": TextArray([bodies[event] for event in events]),
        },
    )


def read_exceptions(
    conn: Connection, account: int, after: tuple[int, int], *, limit: int
) -> tuple[list[LoggedEvent], tuple[int, int] | None]:
    """Return events that were set aside, after a (lane, number), and how far that reached.

    None if there are no more. Those of days that were dropped are missing.
    """
    asked = {"account": account, "lane": after[0], "seq": after[1], "limit": limit}
    with conn.cursor(binary=True) as rows:
        found = as_events(rows.execute(SQL.exceptions_after, asked).fetchall())
    last = conn.execute(SQL.last_exception, asked).fetchone()
    return found, None if last is None else (last[0], last[1])
