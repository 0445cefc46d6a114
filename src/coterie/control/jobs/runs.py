"""What a runner does to a job: take it, report, finish, fail."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from coterie.control.jobs.read import add_log
from coterie.control.jobs.said import say_ended, say_rechecked
from coterie.control.jobs.steps import BACKFILLED, RESTATED
from coterie.control.rows import find_one, get_value, list_all, run, to_json
from coterie.model.checkpoints import EDITION
from coterie.model.control import RECHECKING, Job, JobState
from coterie.model.exports import ExportConfig
from coterie.store import Connection, load_queries
from coterie.store.fences import JOB_SPACE

KINDS = (
    "export_audience", "export_profiles", "export_subscriptions", "export_events",
    "export_purchases", "export_files", "webhook", "import_csv",
)  # fmt: skip
FIRST_RETRY = timedelta(seconds=10)
LONGEST_RETRY = timedelta(minutes=30)
# Lytics gives up after errors in a row for over ten hours, and so do we.
GIVE_UP = timedelta(hours=10)
CANDIDATES = 20


class _Id(msgspec.Struct, frozen=True):
    id: int


class _State(msgspec.Struct, frozen=True):
    state: JobState


def take_due_job(conn: Connection, now: datetime, *, kinds: Sequence[str] = KINDS) -> Job | None:
    """Return a due job, held by an advisory lock of this session, or None if there is none.

    `conn` is the runner's own connection, one a job at a time; `release_job` lets go. A job whose
    runner died is due at once. Commits nothing itself: call it in a transaction or in autocommit.
    """
    queries = load_queries("jobs")
    values = {"kinds": list(kinds), "now": now, "limit": CANDIDATES}
    for candidate in list_all(conn, queries.list_due_jobs, values, row=_Id):
        hold = {"space": JOB_SPACE, "job_id": candidate.id}
        if not get_value(conn, queries.try_hold_job, hold, kind=bool):
            continue
        job = find_one(conn, queries.start_job, {"job_id": candidate.id, "now": now}, row=Job)
        if job is not None:
            if job.started_at == now:
                add_log(conn, job.id, "started", "The first run has begun.", now=now)
            return job
        release_job(conn, candidate.id)
    return None


def release_job(conn: Connection, job_id: int) -> None:
    """Let another runner take the job."""
    hold = {"space": JOB_SPACE, "job_id": job_id}
    get_value(conn, load_queries("jobs").let_go_of_job, hold, kind=bool)


def save_progress(
    conn: Connection,
    job_id: int,
    *,
    checkpoint: Mapping[str, Any],
    done: int,
    total: int,
    now: datetime,
) -> JobState:
    """Keep how far a job has come; return its state, which a person may have changed meanwhile.

    A runner that reads anything but "running" stops. Raises nothing for a job that is gone: that
    is state "deleted".
    """
    values = {
        "job_id": job_id,
        "checkpoint": to_json(dict(checkpoint)),
        "progress_done": done,
        "progress_total": total,
        "now": now,
    }
    found = find_one(conn, load_queries("jobs").save_progress, values, row=_State)
    return found.state if found else "deleted"


def finish(
    conn: Connection, job: Job, *, now: datetime, next_run_at: datetime | None = None
) -> None:
    """Note that a run ended well.

    An export goes on as "running", led by the worker; a job of files sleeps until `next_run_at`, or
    is completed without one.
    """
    queries = load_queries("jobs")
    state: JobState
    if isinstance(job.config, ExportConfig):
        state, next_run_at = "running", job.config.expires_at
        _mark_backfilled(conn, job, now)
    else:
        state = "completed" if next_run_at is None else "sleeping"
    values = {"job_id": job.id, "state": state, "run_at": next_run_at, "now": now}
    if run(conn, queries.settle_job, values):
        code = "synced" if state == "running" else state
        # A job that watches a folder wakes every minute, mostly to find nothing new.
        latest = get_value(conn, queries.latest_log_code, {"job_id": job.id}, kind=str)
        if (code, latest) != ("sleeping", "sleeping"):
            add_log(conn, job.id, code, say_ended(job.config, code), now=now)


def finish_rechecking(
    conn: Connection, job: Job, checkpoint: Mapping[str, Any], *, now: datetime
) -> bool:
    """Note that all people were asked for a consent that changed; return whether the run goes on.

    What waits for the job's destination may leave from here on.
    """
    queries = load_queries("jobs")
    current = find_one(conn, queries.lock_job, {"job_id": job.id}, row=Job)
    if current is None or current.checkpoint.get(EDITION) != checkpoint.get(EDITION):
        # Another change of the job overtook this run, and begins anew.
        return False
    state = save_progress(
        conn,
        job.id,
        checkpoint={name: value for name, value in checkpoint.items() if name != RECHECKING},
        done=current.progress_done,
        total=current.progress_total,
        now=now,
    )
    # The senders look at the definitions only where their epoch moves.
    get_value(conn, load_queries("definitions").bump_epoch, {}, kind=int)
    denied = int(checkpoint[RECHECKING]["denied"])
    said = say_rechecked(job.config, denied)
    add_log(conn, job.id, "rechecked", said, now=now, context={"denied": denied})
    return state == "running"


def fail(conn: Connection, job: Job, *, error: str, now: datetime, permanent: bool = False) -> Job:
    """Note that a run ended badly; return the job as it is now.

    It is tried again after 10 s, 20 s, … 30 min, and failed once that has lasted ten hours, or at
    once if `permanent`. `error` is shown to people and says the cure.
    """
    queries = load_queries("jobs")
    before = find_one(conn, queries.lock_job, {"job_id": job.id}, row=Job) or job
    failures = before.failures + 1
    since = before.fault_since or now
    given_up = permanent or now - since > GIVE_UP
    state: JobState = "failed" if given_up else "fault"
    wait = min(LONGEST_RETRY, FIRST_RETRY * 2 ** min(failures - 1, 16))
    values = {
        "job_id": job.id,
        "state": state,
        "run_at": None if given_up else now + wait,
        "failures": failures,
        "fault_since": since,
        "last_error": error,
        "now": now,
    }
    run(conn, queries.fail_job, values)
    if given_up:
        # The data plane holds back what a failed job stands for, so it must load its state.
        get_value(conn, load_queries("definitions").bump_epoch, {}, kind=int)
    code = "failed" if given_up else "error"
    add_log(conn, job.id, code, error, now=now, level="error", context={"failures": failures})
    return find_one(conn, queries.lock_job, {"job_id": job.id}, row=Job) or before


def _mark_backfilled(conn: Connection, job: Job, now: datetime) -> None:
    queries = load_queries("jobs")
    current = find_one(conn, queries.lock_job, {"job_id": job.id}, row=Job) or job
    save_progress(
        conn,
        job.id,
        checkpoint={**_going_on(current.checkpoint, job.checkpoint), BACKFILLED: True},
        done=current.progress_done,
        total=current.progress_total,
        now=now,
    )


def _going_on(current: Mapping[str, Any], run: Mapping[str, Any]) -> dict[str, Any]:
    # Of a run that a change of the job overtook nothing is done yet.
    if current.get(EDITION) != run.get(EDITION):
        return dict(current)
    return {name: value for name, value in current.items() if name != RESTATED}
