"""How large audiences were, hour by hour."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from coterie.control.rows import list_all, run
from coterie.model.control import Audience, SizePoint
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


def size_history(
    store: Store, audience: Audience, *, since: datetime, now: datetime
) -> list[SizePoint]:
    """Return how large an audience was, oldest first, and if it is live how large it is."""
    noted = list_sizes(store, audience.id, since=since)
    if audience.state != "live":
        return noted
    return [*(point for point in noted if point.at < now), SizePoint(at=now, size=audience.size)]


def size_at(points: Sequence[SizePoint], at: datetime) -> int | None:
    """Return the size that was noted last before or at an instant; `points` are oldest first."""
    known = [point.size for point in points if point.at <= at]
    return known[-1] if known else None


def _hour(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0)
