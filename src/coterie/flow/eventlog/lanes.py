"""Live lanes and bulk lanes of the event log.

What happens now goes to live lanes. What was gathered before, files and bulk loads, goes to lanes
of its own, which workers take with the time that live lanes leave, so that a load of any size never
stands before an event of this moment. The result is the same: any lane may hold any event.
"""

from coterie.store import Connection, load_queries

# Live lanes are numbered from 0; a setting allows 256 of them.
FIRST_BULK_LANE = 10_000

# Waiting lines of a collector, each with a committer and every so many-th lane; what is known to be
# about one person goes to one line.
LINES = 2

SQL = load_queries("eventlog")


def is_bulk(lane: int) -> bool:
    """Say whether a lane holds bulk loads."""
    return lane >= FIRST_BULK_LANE


def line_of(lane: int) -> int:
    """Return the waiting line that a live lane belongs to."""
    return lane % LINES


def ensure_lanes(conn: Connection, count: int) -> None:
    """Make `count` live lanes and as many bulk lanes, with cursors; those that exist stay."""
    conn.execute(SQL.ensure_lanes, lane_numbers(count))


def lane_numbers(count: int) -> dict[str, int]:
    """Return the parameters of the query that makes `count` lanes of each sort."""
    return {"count": count, "bulk": FIRST_BULK_LANE}


def list_live_lanes(conn: Connection) -> list[int]:
    """Return the numbers of the live lanes."""
    return [row[0] for row in conn.execute(SQL.list_lanes, {"first": 0}) if not is_bulk(row[0])]


def list_bulk_lanes(conn: Connection) -> list[int]:
    """Return the numbers of the bulk lanes."""
    return [row[0] for row in conn.execute(SQL.list_lanes, {"first": FIRST_BULK_LANE})]


def count_bulk_waiting(conn: Connection) -> int:
    """Return how many events of bulk lanes wait for a worker."""
    row = conn.execute(SQL.count_bulk_waiting, {"first": FIRST_BULK_LANE}).fetchone()
    return int(row[0]) if row else 0
