"""The end of a job: killed, deleted, expired; with or without taking away what it wrote."""

from datetime import datetime

from coterie.base.clock import Clock
from coterie.control.audit import Subject, record
from coterie.control.definitions.change import Change, definition_change
from coterie.control.jobs.export_checks import check_clean_up
from coterie.control.jobs.read import add_log
from coterie.control.jobs.states import ENDED, check_step
from coterie.control.jobs.steps import RESTATED, lock_job
from coterie.control.rows import list_all, run, to_json
from coterie.model.checkpoints import EDITION
from coterie.model.control import ENDING, Actor, Job, JobState
from coterie.model.exports import ExportConfig
from coterie.store import Connection, Store, load_queries

SYSTEM = Actor(name="expiry")


def kill_job(
    store: Store, *, account: int, job_id: int, clean_up: bool = False, actor: Actor, clock: Clock
) -> Job:
    """Stop a job for good; it stays in the list.

    What an export wrote stays where it is, or with `clean_up` is taken away first: until that is
    done the job runs on, and can be killed again to leave the rest. Raises UnknownJobError,
    JobStateError.
    """
    with definition_change(store, clock) as change:
        job = lock_job(change, account, job_id)
        return _end(change, job, "killed", actor, clean_up=clean_up)


def delete_job(
    store: Store, *, account: int, job_id: int, clean_up: bool = False, actor: Actor, clock: Clock
) -> Job:
    """Stop a job for good, as `kill_job`, and take it off the list."""
    with definition_change(store, clock) as change:
        job = lock_job(change, account, job_id)
        return _end(change, job, "deleted", actor, clean_up=clean_up)


def expire_job(store: Store, job: Job, *, clean_up: bool, clock: Clock) -> Job:
    """Complete a job whose time is over, as `kill_job`; return it as it is now."""
    with definition_change(store, clock) as change:
        current = lock_job(change, job.account, job.id)
        if current.state != "running" or current.checkpoint != job.checkpoint:
            return current
        return _end(change, current, "completed", SYSTEM, clean_up=clean_up)


def finish_cleaning(store: Store, job: Job, *, refused: int, clock: Clock) -> Job:
    """End a job whose traces are gone but for those of `refused` users."""
    with definition_change(store, clock) as change:
        current = lock_job(change, job.account, job.id)
        ending = current.checkpoint.get(ENDING)
        if current.state != "running" or ending is None:
            return current
        said = "What the job wrote is taken away."
        if refused:
            said += f" The destination refused that for {refused:,} of its users."
        add_log(change.conn, job.id, "cleaned", said, now=change.now)
        return _stop(change, current, ending, SYSTEM, said="The clean-up is done.")


def wait_until(conn: Connection, job: Job, *, run_at: datetime, now: datetime) -> None:
    """Let a running job be looked at again at an instant."""
    values = {"job_id": job.id, "state": "running", "run_at": run_at, "now": now}
    run(conn, load_queries("jobs").settle_job, values)


def _stop(change: Change, job: Job, wanted: JobState, actor: Actor, *, said: str = "") -> Job:
    check_step(job.id, job.state, wanted)
    values = {"job_id": job.id, "state": wanted, "run_at": None, "now": change.now}
    (after,) = list_all(change.conn, load_queries("jobs").set_state, values, row=Job)
    detail = {"from": job.state, "to": wanted}
    subject = Subject(job.account, "job", job.id)
    record(change.conn, wanted, subject, actor=actor, now=change.now, detail=detail)
    add_log(change.conn, job.id, wanted, said or f"By {actor.name}.", now=change.now)
    if job.destination_id is not None:
        retired = {"destination_id": job.destination_id, "now": change.now}
        run(change.conn, load_queries("jobs").retire_destination, retired)
    return after


def _end(change: Change, job: Job, ending: JobState, actor: Actor, *, clean_up: bool) -> Job:
    check_step(job.id, job.state, ending)
    if isinstance(job.config, ExportConfig):
        check_clean_up(job.config, asked=clean_up)
    if not clean_up or not isinstance(job.config, ExportConfig) or job.state in ENDED:
        return _stop(change, job, ending, actor)
    edition = int(job.checkpoint.get(EDITION, 0)) + 1
    values = {
        "job_id": job.id,
        "label": job.label,
        "description": job.description,
        "config": to_json(job.config),
        "checkpoint": to_json({EDITION: edition, RESTATED: "", ENDING: ending}),
        "state": "runnable",
        "run_at": change.now,
        "now": change.now,
    }
    (after,) = list_all(change.conn, load_queries("jobs").update_job, values, row=Job)
    detail = {"from": job.state, "to": ending}
    subject = Subject(job.account, "job", job.id)
    record(change.conn, "cleaning", subject, actor=actor, now=change.now, detail=detail)
    said = f"By {actor.name}: what the job wrote is taken away, then it is {ending}."
    add_log(change.conn, job.id, "cleaning", said, now=change.now)
    return after
