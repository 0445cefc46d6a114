"""Which generation of identity, profiles and timeline serves now."""

from coterie.store import Connection, Store, load_queries

SQL = load_queries("generations")


def live_generation(conn: Connection) -> int:
    """Return the number of the live generation."""
    row = conn.execute(SQL.live_generation).fetchone()
    if row is None:
        raise LookupError("the database has no live generation: run the migrations")
    return int(row[0])


def enter_live_generation(conn: Connection) -> int:
    """Make plain table names mean the live generation's, until the transaction ends.

    Return its number.
    """
    number = live_generation(conn)
    enter_generation(conn, number)
    return number


def enter_generation(conn: Connection, number: int) -> None:
    """Make plain table names mean those of a generation, until the transaction ends."""
    Store.use_generation(conn, number)
