"""What a person does to a job that goes on: pause, resume."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from coterie.base.clock import Clock
from coterie.control.audit import Subject, record
from coterie.control.definitions.change import Change, definition_change
from coterie.control.jobs.read import UnknownJobError, add_log
from coterie.control.jobs.states import check_step
from coterie.control.rows import find_one, list_all, run, to_json
from coterie.model.control import Actor, Job, JobState
from coterie.model.exports import ExportConfig
from coterie.store import Store, load_queries

_RESUMED: tuple[JobState, ...] = ("running", "runnable")
"""What only a resumption brings about among the steps that a person takes."""

BACKFILLED = "backfilled"
"""Key of an export's checkpoint that says the members at its start are all on their way."""

RESTATED = "restated"
"""Key that holds the last recipient whose claims were stated anew; there while that goes on."""

UNCHECKED: Mapping[str, int] = MappingProxyType({"last": 0, "denied": 0})
"""What a checkpoint holds under RECHECKING before anybody was asked."""


def pause_job(store: Store, *, account: int, job_id: int, actor: Actor, clock: Clock) -> Job:
    """Hold a job: nothing is read or sent for it until it is resumed.

    Raises UnknownJobError, JobStateError (as do the other steps).
    """
    with definition_change(store, clock) as change:
        return _step(change, lock_job(change, account, job_id), "paused", None, actor)


def resume_job(store: Store, *, account: int, job_id: int, actor: Actor, clock: Clock) -> Job:
    """Let a paused or failed job go on where it was."""
    with definition_change(store, clock) as change:
        job = lock_job(change, account, job_id)
        if isinstance(job.config, ExportConfig) and _is_following(job, job.config):
            return _step(change, job, "running", job.config.expires_at, actor)
        return _step(change, job, "runnable", change.now, actor)


def _is_following(job: Job, config: ExportConfig) -> bool:
    if RESTATED in job.checkpoint:
        return False
    return not config.sends_members or bool(job.checkpoint.get(BACKFILLED))


def lock_job(change: Change, account: int, job_id: int) -> Job:
    """Return a job, locked until the change is committed. Raises UnknownJobError."""
    job = find_one(change.conn, load_queries("jobs").lock_job, {"job_id": job_id}, row=Job)
    if job is None or job.account != account:
        raise UnknownJobError(account=account, job_id=job_id)
    return job


def recheck_others(change: Change, job: Job) -> None:
    """Have the jobs that share a job's destination go over its recipients, who may not consent.

    What a destination asks of people it asks for all its jobs, and so does one that is paused.
    """
    values = {
        "destination_id": job.destination_id,
        "job_id": job.id,
        "unchecked": to_json(dict(UNCHECKED)),
        "now": change.now,
    }
    run(change.conn, load_queries("jobs").recheck_others, values)


def _step(change: Change, job: Job, wanted: JobState, run_at: datetime | None, actor: Actor) -> Job:
    check_step(job.id, job.state, wanted)
    values = {"job_id": job.id, "state": wanted, "run_at": run_at, "now": change.now}
    (after,) = list_all(change.conn, load_queries("jobs").set_state, values, row=Job)
    detail = {"from": job.state, "to": wanted}
    subject = Subject(job.account, "job", job.id)
    done = "resumed" if wanted in _RESUMED else wanted
    record(change.conn, done, subject, actor=actor, now=change.now, detail=detail)
    add_log(change.conn, job.id, done, f"By {actor.name}.", now=change.now)
    return after
