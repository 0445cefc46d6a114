"""The ledger of files that jobs have read."""

from collections.abc import Sequence
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


def reopen_failed(conn: Connection, job_id: int) -> None:
    """Let files be tried again that could not be read."""
    conn.execute(SQL.reopen_failed, {"job_id": job_id})


def find_hashes(conn: Connection, job_id: int) -> bytes:
    """Return the hashes of the rows of the file that a job read last, as they were kept."""
    row = conn.execute(SQL.find_hashes, {"job_id": job_id}).fetchone()
    return bytes(row[0]) if row else b""


def keep_rejects(
    conn: Connection, task: ImportTask, rows: Sequence[BadRow], *, now: datetime
) -> None:
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
        "now": now,
    }
    conn.execute(SQL.keep_rejects, values)


def list_rejects(
    conn: Connection, job_id: int, after: int = 0
) -> tuple[list[RejectedRow], int | None]:
    """Return a job's next rows that were left out, and where the following ones begin, if any."""
    asked = {"job_id": job_id, "after": after, "limit": PAGE}
    found = conn.execute(SQL.list_rejects, asked).fetchall()
    rows = [
        RejectedRow(
            name=name,
            line=line,
            column=column,
            reason=reason,
            raw=bytes(raw).decode("utf-8", "replace").rstrip("\r\n"),
        )
        for name, line, column, reason, raw, _ in found
    ]
    return rows, found[-1][-1] if len(found) == PAGE else None


def describe_first_reject(conn: Connection, task: ImportTask) -> str:
    """Return in words where the first row of a file is that was left out, "" if none is kept.

    Without a value of it, since logs keep no personal data.
    """
    asked = {"job_id": task.job_id, "sha256": task.sha256}
    found = conn.execute(SQL.first_reject, asked).fetchone()
    if found is None:
        return ""
    name, line, column = found
    where = f"line {line}" if name == task.name else f"line {line} of {name}"
    return f"{where}, column {column!r}" if column else where


def read_rejects(
    conn: Connection, account: int, after: int, *, limit: int
) -> list[tuple[int, bytes]]:
    """Return ids and texts of the next rows that imports of an account left out, after an id."""
    asked = {"account": account, "after": after, "limit": limit}
    return [(number, bytes(raw)) for number, raw in conn.execute(SQL.rejects_after, asked)]


def drop_rejects(conn: Connection, ids: Sequence[int]) -> None:
    """Delete rows that were left out."""
    if ids:
        conn.execute(SQL.drop_rejects, {"ids": list(ids)})


def forget_rejects(conn: Connection, *, before: datetime, limit: int) -> int:
    """Forget rows that were left out before an instant, at most `limit`; return how many."""
    return conn.execute(SQL.forget_rejects, {"before": before, "count": limit}).rowcount


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
