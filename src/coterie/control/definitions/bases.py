"""From which schema version on a generation maps what came in, whenever it came."""

from coterie.control.rows import get_value
from coterie.store import Connection, load_queries


def live_bases(conn: Connection) -> dict[str, int]:
    """Return the versions of the live generation by account number; others are as they were."""
    return get_value(conn, load_queries("replays").live_schemas, {}, kind=dict[str, int])


def bases_of(conn: Connection, generation: int) -> dict[str, int]:
    """Return the versions of a generation by account number."""
    values = {"number": generation}
    query = load_queries("replays").generation_schemas
    return get_value(conn, query, values, kind=dict[str, int])
