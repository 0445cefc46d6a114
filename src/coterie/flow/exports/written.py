"""The ledger of files that jobs have written."""

from datetime import datetime

from coterie.model.control import Job
from coterie.model.file_exports import WrittenFile
from coterie.store import Connection, load_queries

SQL = load_queries("outfiles")


def start_written(conn: Connection, job_id: int, name: str, *, folder: str, now: datetime) -> None:
    """Note that a file is being written."""
    values = {"job_id": job_id, "name": name, "folder": folder.strip("/"), "now": now}
    conn.execute(SQL.start_written, values)


def has_written(conn: Connection, job: Job, name: str, *, folder: str) -> bool:
    """Answer whether a job of this account, this one or another, wrote a file to that place."""
    values = {
        "account": job.account,
        "authorization_id": job.authorization_id,
        "folder": folder.strip("/"),
        "name": name,
    }
    row = conn.execute(SQL.has_written, values).fetchone()
    return bool(row and row[0])


def give_up_written(conn: Connection, job_id: int, name: str) -> None:
    """Note that a file will not be written after all; one of an earlier run stays."""
    for query in (SQL.drop_unfinished, SQL.restore_earlier):
        conn.execute(query, {"job_id": job_id, "name": name})


def finish_written(conn: Connection, job_id: int, file: WrittenFile) -> None:
    """Note what a file holds that lies at the receiver."""
    values = {
        "job_id": job_id,
        "name": file.name,
        "people": file.people,
        "left_out": file.left_out,
        "size": file.size,
        "sha256": bytes.fromhex(file.sha256),
        "now": file.finished_at,
    }
    conn.execute(SQL.finish_written, values)


def list_written(conn: Connection, job_id: int) -> list[WrittenFile]:
    """Return the files of a job, the latest first, at most 200."""
    names = WrittenFile.__struct_fields__
    rows = conn.execute(SQL.list_written, {"job_id": job_id})
    return [WrittenFile(**dict(zip(names, row, strict=True))) for row in rows]
