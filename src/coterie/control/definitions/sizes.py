"""How large audiences were, hour by hour."""

from datetime import datetime, timedelta

from coterie.control.rows import list_all, run
from coterie.model.control import SizePoint
from coterie.store import Connection, Store, load_queries

HOURLY = timedelta(days=31)
"""For so long every hour is kept, afterwards one of each day."""


def note_sizes(conn: Connection, *, now: datetime) -> None:
    """Keep the sizes of all audiences, in the generation that is entered; drop what is too fine."""
    queries = load_queries("sizes")
    run(conn, queries.note_sizes, {"hour": _hour(now)})
    run(conn, queries.thin_sizes, {"before": now - HOURLY})


def note_size(conn: Connection, audience_id: int, *, now: datetime) -> None:
    """Keep the size of one audience, in the generation that is entered."""
    values = {"audience_id": audience_id, "hour": _hour(now)}
    run(conn, load_queries("sizes").note_size, values)


def list_sizes(store: Store, audience_id: int, *, since: datetime) -> list[SizePoint]:
    """Return how large an audience was, oldest first."""
    values = {"audience_id": audience_id, "since": since}
    with store.transaction() as conn:
        return list_all(conn, load_queries("sizes").list_sizes, values, row=SizePoint)


def _hour(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0)
