"""The ledger of files that jobs have read."""

from datetime import datetime

from coterie.flow.imports.errors import ImportOvertakenError
from coterie.model.imports import FileProgress, ImportedFile, ImportTask
from coterie.store import Connection, load_queries

SQL = load_queries("imports")


def list_read(conn: Connection, job_id: int) -> set[tuple[str, int, datetime | None]]:
    """Return name, size and time of change of each file that the job is done with."""
    return {(row[0], row[1], row[2]) for row in conn.execute(SQL.list_imported, {"job_id": job_id})}


def start_file(conn: Connection, task: ImportTask, *, now: datetime) -> FileProgress:
    """Enter a file into the ledger; return how far an earlier run came."""
    values = {
        **_key(task),
        "size": task.size,
        "modified_at": task.modified_at,
        "now": now,
    }
    row = conn.execute(SQL.start_file, values).fetchone()
    if row is None:
        raise AssertionError(task.name)
    return FileProgress(rows_done=row[0], rows_rejected=row[1], state=row[2])


def advance_file(
    conn: Connection, task: ImportTask, before: FileProgress, after: FileProgress
) -> None:
    """Write down how far a file has come, in the transaction of its rows' events.

    Raises ImportOvertakenError if the file is not where `before` says.
    """
    values = {
        **_key(task),
        "rows_before": before.rows_done,
        "rows_done": after.rows_done,
        "rows_rejected": after.rows_rejected,
    }
    if conn.execute(SQL.advance_file, values).rowcount != 1:
        raise ImportOvertakenError(name=task.name)


def finish_file(conn: Connection, task: ImportTask, *, failed: bool, now: datetime) -> None:
    """Note that a file is read, or that it never can be."""
    state = "failed" if failed else "done"
    conn.execute(SQL.finish_file, {**_key(task), "state": state, "now": now})


def list_files(conn: Connection, job_id: int) -> list[ImportedFile]:
    """Return the files of a job, the latest first, at most 200."""
    return [
        ImportedFile(
            name=row[0],
            size=row[1],
            modified_at=row[2],
            rows_done=row[3],
            rows_rejected=row[4],
            state=row[5],
            started_at=row[6],
            finished_at=row[7],
        )
        for row in conn.execute(SQL.list_files, {"job_id": job_id})
    ]


def count_backlog(conn: Connection) -> int:
    """Return how many events wait for a worker."""
    row = conn.execute(SQL.count_backlog).fetchone()
    return int(row[0]) if row else 0


def _key(task: ImportTask) -> dict[str, object]:
    return {"job_id": task.job_id, "name": task.name, "sha256": task.sha256}
