"""The days that must stand before an event is written."""

from datetime import date, timedelta

from coterie.store import Connection, load_queries

DAYS_LOCK = 4711002
DAYS_AHEAD = 7

SQL = load_queries("eventlog")


def ensure_days(conn: Connection, today: date) -> None:
    """Make the partitions of `today` and the week after it; those that exist stay.

    With nothing to make it takes no lock, so it may be called often.
    """
    days = days_from(today)
    if conn.execute(SQL.missing_days, {"days": days}).fetchone() is None:
        return
    conn.execute(SQL.lock_days, {"lock": DAYS_LOCK})
    conn.execute(SQL.create_days, {"days": days})


def days_from(today: date) -> list[date]:
    """Return `today` and the days of the week after it."""
    return [today + timedelta(days=n) for n in range(DAYS_AHEAD + 1)]
