"""Which days the log holds, and the end of those that were kept for long enough."""

from datetime import date

import msgspec

from coterie.flow.eventlog.prepare import DAYS_LOCK
from coterie.store import Connection, load_queries

SQL = load_queries("eventlog")


class LogDay(msgspec.Struct, frozen=True):
    """A received day of the log: about how many events, how many bytes with its indexes."""

    day: date
    events: int
    bytes: int


def days_of_log(conn: Connection) -> list[LogDay]:
    """Return the days that the log holds, the oldest first; prepared days are among them."""
    return [LogDay(*row) for row in conn.execute(SQL.log_days)]


def unread_lanes(conn: Connection, day: date) -> list[int]:
    """Return the lanes that have yet to read events of `day`."""
    return [row[0] for row in conn.execute(SQL.unread_lanes, {"day": day})]


def forget_outcomes(conn: Connection, day: date) -> None:
    """Forget the verdicts on the events of `day`."""
    conn.execute(SQL.forget_outcomes, {"day": day})


def drop_day(conn: Connection, day: date) -> None:
    """Take `day` out of the log and of the timelines, in the caller's transaction.

    Raises StoreConflictError, through the caller's transaction, if readers of the log do not let it
    happen within seconds.
    """
    conn.execute(SQL.limit_wait)
    conn.execute(SQL.lock_days, {"lock": DAYS_LOCK})
    conn.execute(SQL.drop_day, {"day": day})
