"""Changing the jobs that read and write files while they go on."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from coterie.base.clock import Clock
from coterie.control.definitions.change import Change, definition_change
from coterie.control.definitions.streams import ensure_in
from coterie.control.jobs.create_files import check_is_alone
from coterie.control.jobs.errors import BadJobError
from coterie.control.jobs.export_checks import check_label
from coterie.control.jobs.file_checks import (
    check_file_export,
    check_file_names,
    read_file_export,
)
from coterie.control.jobs.import_checks import check_import, read_import
from coterie.control.jobs.rewrite import changed_options, rewrite_job
from coterie.control.jobs.schedule import next_file
from coterie.control.jobs.states import ENDED
from coterie.control.jobs.steps import lock_job
from coterie.control.rows import get_value, to_json
from coterie.model.checkpoints import EDITION, PROGRESS
from coterie.model.control import Actor, ImportCsvConfig, Job
from coterie.model.file_exports import ExportFilesConfig
from coterie.store import Store, load_queries

FileConfig = ExportFilesConfig | ImportCsvConfig

RETRY = "retry"
"""Key of an import's checkpoint that says to try the files again that could not be read."""

WHICH = ("filename", "prefix", "pattern")
"""Options of which an import has one."""

SCHEDULE = ("frequency", "time_of_day", "weekday", "timezone")


def update_file_job(  # noqa: PLR0913 - the job form, spelled out
    store: Store,
    *,
    account: int,
    job_id: int,
    label: str | None = None,
    description: str | None = None,
    options: Mapping[str, Any] | None = None,
    actor: Actor,
    clock: Clock,
) -> Job:
    """Change what is given of an Export to SFTP or Import CSV job (None: as it was).

    `options` are those of the job's config that change. A file that is being written begins again
    with them; of a file that is being read the rows to come are read with them, and files that
    could not be read are tried again. Raises BadJobError, UnknownJobError, UnknownAudienceError,
    UnknownFieldError, BadStreamNameError.
    """
    with definition_change(store, clock) as change:
        job = lock_job(change, account, job_id)
        before = _require_changeable(job)
        after: FileConfig
        if isinstance(before, ExportFilesConfig):
            after = _merge_export(change, job, before, options or {})
        else:
            after = _merge_import(change, job, before, options or {}, actor)
        values: dict[str, Any] = {"config": to_json(after)}
        if label is not None:
            values["label"] = check_label(label)
        if description is not None:
            values["description"] = description.strip()
        if after != before:
            values |= _restart(job, before, after, now=change.now)
        changed = changed_options(before, after)
        said = f"Changed by {actor.name}" + (f": {', '.join(changed)}." if changed else ".")
        detail = {"changed": changed}
        return rewrite_job(change, job, values, actor=actor, said=said, detail=detail)


def is_file_job(job: Job) -> bool:
    """Answer whether `update_file_job` is what changes a job."""
    return isinstance(job.config, FileConfig)


def _require_changeable(job: Job) -> FileConfig:
    if not isinstance(job.config, FileConfig):
        raise BadJobError(message=f"Job {job.id} neither reads nor writes files.")
    if job.state in ENDED:
        raise BadJobError(message=f"Job {job.id} is {job.state}. Create another one.")
    return job.config


def _merge_export(
    change: Change, job: Job, before: ExportFilesConfig, options: Mapping[str, Any]
) -> ExportFilesConfig:
    asked = {**msgspec.to_builtins(before), **msgspec.to_builtins(dict(options))}
    after = check_file_export(read_file_export(asked))
    if after != before:
        check_file_names(change.conn, job.account, after)
        check_is_alone(change.conn, job.account, job.authorization_id, after, but=job.id)
    return after


def _merge_import(
    change: Change, job: Job, before: ImportCsvConfig, options: Mapping[str, Any], actor: Actor
) -> ImportCsvConfig:
    kept = msgspec.to_builtins(before)
    if any(options.get(name) for name in WHICH):
        kept |= dict.fromkeys(WHICH, "")
    asked = {**kept, **msgspec.to_builtins(dict(options))}
    after = check_import(read_import(asked), is_local=job.authorization_id is None)
    if after.folder != before.folder and _has_read(change, job):
        raise BadJobError(
            message=f"Job {job.id} has read files of its folder, which it knows by their names, so "
            "the folder cannot change. Create another job, and delete this one."
        )
    if after.stream != before.stream:
        ensure_in(change.conn, job.account, [after.stream], actor=actor, now=change.now)
    return after


def _has_read(change: Change, job: Job) -> bool:
    query = load_queries("jobs").has_read_files
    return get_value(change.conn, query, {"job_id": job.id}, kind=bool)


def _restart(job: Job, before: FileConfig, after: FileConfig, *, now: datetime) -> dict[str, Any]:
    """Return what of a job's row makes its runner go by the new options."""
    if isinstance(after, ExportFilesConfig) and job.state == "sleeping":
        return {"run_at": _next_run(job, before, after, now=now)}
    # A runner that is under way hears of the other edition when it tells how far it has come.
    checkpoint = {key: value for key, value in job.checkpoint.items() if key != PROGRESS}
    checkpoint[EDITION] = int(checkpoint.get(EDITION, 0)) + 1
    if isinstance(after, ImportCsvConfig):
        checkpoint[RETRY] = True
    values: dict[str, Any] = {"checkpoint": to_json(checkpoint)}
    if job.state in ("paused", "failed"):
        return values
    return {**values, "state": "runnable", "run_at": now}


def _next_run(
    job: Job, before: FileConfig, after: ExportFilesConfig, *, now: datetime
) -> datetime | None:
    # Nobody wants a file at once because a column was renamed; without a schedule one more is due.
    if all(getattr(before, name) == getattr(after, name) for name in SCHEDULE):
        return job.run_at
    return next_file(after, now=now) or now
