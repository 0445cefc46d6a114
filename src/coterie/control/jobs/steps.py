"""What a person does to a job: pause, resume, kill, delete."""

from datetime import datetime

from coterie.base.clock import Clock
from coterie.control.audit import Subject, record
from coterie.control.definitions.change import Change, definition_change
from coterie.control.jobs.read import UnknownJobError, add_log
from coterie.control.jobs.states import check_step
from coterie.control.rows import find_one, list_all, run
from coterie.model.control import Actor, ExportAudienceConfig, Job, JobState
from coterie.store import Store, load_queries

_RESUMED: tuple[JobState, ...] = ("running", "runnable")
"""What only a resumption brings about among the steps that a person takes."""

BACKFILLED = "backfilled"
"""Key of an export's checkpoint that says the members at its start are all on their way."""


def pause_job(store: Store, *, account: int, job_id: int, actor: Actor, clock: Clock) -> Job:
    """Hold a job: nothing is read or sent for it until it is resumed.

    Raises UnknownJobError, JobStateError (as do the other steps).
    """
    with definition_change(store, clock) as change:
        return _step(change, _lock(change, account, job_id), "paused", None, actor)


def resume_job(store: Store, *, account: int, job_id: int, actor: Actor, clock: Clock) -> Job:
    """Let a paused or failed job go on where it was."""
    with definition_change(store, clock) as change:
        job = _lock(change, account, job_id)
        if _is_following(job):
            return _step(change, job, "running", None, actor)
        return _step(change, job, "runnable", change.now, actor)


def kill_job(store: Store, *, account: int, job_id: int, actor: Actor, clock: Clock) -> Job:
    """Stop a job for good; it stays in the list. What an export wrote stays where it is."""
    with definition_change(store, clock) as change:
        return _end(change, _lock(change, account, job_id), "killed", actor)


def delete_job(store: Store, *, account: int, job_id: int, actor: Actor, clock: Clock) -> Job:
    """Stop a job for good, as `kill_job`, and take it off the list."""
    with definition_change(store, clock) as change:
        return _end(change, _lock(change, account, job_id), "deleted", actor)


def _is_following(job: Job) -> bool:
    if not isinstance(job.config, ExportAudienceConfig):
        return False
    return not job.config.existing_users or bool(job.checkpoint.get(BACKFILLED))


def _lock(change: Change, account: int, job_id: int) -> Job:
    job = find_one(change.conn, load_queries("jobs").lock_job, {"job_id": job_id}, row=Job)
    if job is None or job.account != account:
        raise UnknownJobError(account=account, job_id=job_id)
    return job


def _end(change: Change, job: Job, wanted: JobState, actor: Actor) -> Job:
    after = _step(change, job, wanted, None, actor)
    if job.destination_id is not None:
        values = {"destination_id": job.destination_id, "now": change.now}
        run(change.conn, load_queries("jobs").retire_destination, values)
    return after


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
