"""Writing a changed job down: its row, the audit log and its own log."""

from collections.abc import Mapping
from typing import Any

import msgspec

from coterie.control.audit import Subject, record
from coterie.control.definitions.change import Change
from coterie.control.jobs.read import add_log
from coterie.control.rows import list_all, to_json
from coterie.model.control import Actor, Job
from coterie.store import load_queries


def rewrite_job(
    change: Change,
    job: Job,
    values: Mapping[str, Any],
    *,
    actor: Actor,
    said: str,
    detail: Mapping[str, Any],
) -> Job:
    """Return a job with other values of its row; what is not among them stays.

    `said` is the line of its log.
    """
    row = {
        "job_id": job.id,
        "label": job.label,
        "description": job.description,
        "config": to_json(job.config),
        "checkpoint": to_json(job.checkpoint),
        "state": job.state,
        "run_at": job.run_at,
        "now": change.now,
        **values,
    }
    (updated,) = list_all(change.conn, load_queries("jobs").update_job, row, row=Job)
    subject = Subject(job.account, "job", job.id)
    record(change.conn, "updated", subject, actor=actor, now=change.now, detail=dict(detail))
    add_log(change.conn, job.id, "updated", said, now=change.now, context=detail)
    return updated


def changed_options(before: msgspec.Struct, after: msgspec.Struct) -> list[str]:
    """Return the names of the options in which two configs of a kind differ."""
    return [
        name
        for name in before.__struct_fields__
        if name != "joined" and getattr(before, name) != getattr(after, name)
    ]
