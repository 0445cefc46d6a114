"""Looking at jobs and their logs."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from coterie.base.errors import UserError
from coterie.control.rows import find_one, list_all, run, to_json
from coterie.model.control import Job, JobConfig, JobLogEntry, JobLogLevel
from coterie.model.exports import ExportConfig
from coterie.model.file_exports import ExportFilesConfig
from coterie.store import Connection, Store, load_queries

PAGE = 200


class UnknownJobError(UserError):
    """The account has no such job."""

    code = "unknown_job"

    def __init__(self, *, account: int, job_id: int) -> None:
        super().__init__(
            f"Account {account} has no job {job_id}. `coterie job list` shows its jobs."
        )


def list_jobs(store: Store, account: int, *, with_deleted: bool = False) -> list[Job]:
    """Return an account's jobs, newest first."""
    values = {"account": account, "with_deleted": with_deleted}
    with store.transaction() as conn:
        return list_all(conn, load_queries("jobs").list_jobs, values, row=Job)


def list_jobs_of_audience(store: Store, account: int, slug: str) -> list[Job]:
    """Return the jobs that send members of an audience on, or leave them out, newest first."""
    return [job for job in list_jobs(store, account) if slug in _audiences_named(job.config)]


def get_job(store: Store, account: int, job_id: int) -> Job:
    """Return one job. Raises UnknownJobError."""
    with store.transaction() as conn:
        return _get(conn, account, job_id)


def job_logs(
    store: Store, account: int, job_id: int, limit: int = PAGE, *, before: int | None = None
) -> list[JobLogEntry]:
    """Return a job's log, newest first; `before` continues after the id last seen.

    Raises UnknownJobError.
    """
    values = {"account": account, "job_id": job_id, "before": before, "limit": limit}
    with store.transaction() as conn:
        found = list_all(conn, load_queries("jobs").list_logs, values, row=JobLogEntry)
        if not found:
            _get(conn, account, job_id)
        return found


def add_log(  # noqa: PLR0913 - a line of a log has this many parts
    conn: Connection,
    job_id: int,
    code: str,
    message: str,
    *,
    now: datetime,
    level: JobLogLevel = "info",
    context: Mapping[str, Any] | None = None,
) -> None:
    """Write a line of a job's log in the caller's transaction.

    `code` is one word such as "started"; `context` holds counts, and no personal data.
    """
    values = {
        "job_id": job_id,
        "at": now,
        "level": level,
        "code": code,
        "message": message,
        "context": to_json(dict(context or {})),
    }
    run(conn, load_queries("jobs").insert_log, values)


def _audiences_named(config: JobConfig) -> frozenset[str]:
    match config:
        case ExportConfig():
            return frozenset((*config.audiences, *config.suppressed_by))
        case ExportFilesConfig():
            return frozenset((config.audience, *config.suppressed_by))
        case _:
            return frozenset()


def _get(conn: Connection, account: int, job_id: int) -> Job:
    values = {"account": account, "job_id": job_id}
    job = find_one(conn, load_queries("jobs").find_job, values, row=Job)
    if job is None:
        raise UnknownJobError(account=account, job_id=job_id)
    return job
