"""What a destination refused of a job's users: to look at, and to send again."""

from coterie.flow.exports.parked import list_parked, replay_parked
from coterie.model.delivery import ParkedRow
from coterie.store import Connection, Store, load_queries

SQL = load_queries("lookup")


def list_refused(store: Store, account: int, job_id: int, limit: int) -> tuple[ParkedRow, ...]:
    """Return users that the job's destination refused, by recipient.

    Jobs that share a destination share these; an import and an unknown job have none.
    """
    with store.transaction() as conn:
        destination = _destination(conn, account, job_id)
        if destination is None:
            return ()
        return tuple(list_parked(conn, destination, limit=limit))


def replay_refused(conn: Connection, account: int, job_id: int) -> int:
    """Make all refused users of the job's destination due again; return their number."""
    destination = _destination(conn, account, job_id)
    return 0 if destination is None else replay_parked(conn, destination)


def _destination(conn: Connection, account: int, job_id: int) -> int | None:
    asked = {"account": account, "job_id": job_id}
    found = conn.execute(SQL.job_kind.encode(), asked).fetchone()
    return None if found is None or found[1] is None else int(found[1])
