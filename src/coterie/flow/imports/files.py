"""The ledger of files that jobs have read."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from coterie.flow.imports.errors import ImportOvertakenError
from coterie.flow.imports.events import KEPT
from coterie.flow.imports.rows import BadRow
from coterie.model.imports import FileProgress, ImportedFile, ImportTask, RejectedRow
from coterie.store import Connection, load_queries

SQL = load_queries("imports")
PAGE = 1_000


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
    return FileProgress(rows_done=row[0], rows_rejected=row[1], rows_skipped=row[2], state=row[3])


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
        "rows_skipped": after.rows_skipped,
    }
    if conn.execute(SQL.advance_file, values).rowcount != 1:
        raise ImportOvertakenError(name=task.name)


def finish_file(
    conn: Connection,
    task: ImportTask,
    *,
    now: datetime,
    failure: str | None = None,
    row_hashes: bytes | None = None,
) -> None:
    """Note that a file is read, or why it never can be; the next is compared with `row_hashes`."""
    values = {
        **_key(task),
        "state": "done" if failure is None else "failed",
        "failure": failure,
        "row_hashes": row_hashes,
        "now": now,
    }
    conn.execute(SQL.finish_file, values)
    if row_hashes is not None:
        conn.execute(SQL.forget_hashes, _key(task))


def find_hashes(conn: Connection, job_id: int) -> bytes:
    """Return the hashes of the rows of the file that a job read last, as they were kept."""
    row = conn.execute(SQL.find_hashes, {"job_id": job_id}).fetchone()
    return bytes(row[0]) if row else b""


def keep_rejects(conn: Connection, task: ImportTask, rows: Sequence[BadRow]) -> None:
    """Keep rows that were left out, to be downloaded, in the transaction of their checkpoint."""
    if not rows:
        return
    values = {
        **_key(task),
        "numbers": [row.number for row in rows],
        "lines": [row.line for row in rows],
        "columns": [row.column for row in rows],
        "reasons": [row.reason for row in rows],
        "raws": [row.raw[:KEPT].encode("utf-8", "surrogateescape") for row in rows],
    }
    conn.execute(SQL.keep_rejects, values)


def list_rejects(conn: Connection, job_id: int) -> Iterator[RejectedRow]:
    """Yield the rows of a job's files that were left out, file by file, in their order."""
    after = ("", 0)
    while True:
        values = {"job_id": job_id, "after_name": after[0], "after_number": after[1], "limit": PAGE}
        found = conn.execute(SQL.list_rejects, values).fetchall()
        for row in found:
            raw = bytes(row[4]).decode("utf-8", "replace").rstrip("\r\n")
            yield RejectedRow(name=row[0], line=row[1], column=row[2], reason=row[3], raw=raw)
        if len(found) < PAGE:
            return
        after = (found[-1][0], found[-1][5])


def list_files(conn: Connection, job_id: int) -> list[ImportedFile]:
    """Return the files of a job, the latest first, at most 200."""
    names = ImportedFile.__struct_fields__
    rows = conn.execute(SQL.list_files, {"job_id": job_id})
    return [ImportedFile(**dict(zip(names, row, strict=True))) for row in rows]


def count_backlog(conn: Connection) -> int:
    """Return how many events wait for a worker."""
    row = conn.execute(SQL.count_backlog).fetchone()
    return int(row[0]) if row else 0


def _key(task: ImportTask) -> dict[str, object]:
    return {"job_id": task.job_id, "name": task.name, "sha256": task.sha256}
