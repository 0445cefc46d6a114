"""Changing an export while it goes on."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from coterie.base.clock import Clock
from coterie.control.definitions.change import Change, definition_change
from coterie.control.jobs.create import choose_repeats, require_destination
from coterie.control.jobs.errors import BadJobError
from coterie.control.jobs.export_checks import (
    check_clean_up,
    check_export,
    check_label,
    check_named,
    kind_of,
    read_export,
)
from coterie.control.jobs.rewrite import changed_options, rewrite_job
from coterie.control.jobs.said import say_waiting
from coterie.control.jobs.states import ENDED
from coterie.control.jobs.steps import RESTATED, UNCHECKED, lock_job, recheck_others
from coterie.control.rows import run, to_json
from coterie.model.checkpoints import EDITION
from coterie.model.control import ENDING, RECHECKING, Actor, Job, JobState
from coterie.model.exports import ExportConfig
from coterie.model.feeds import FeedConfig
from coterie.model.webhooks import WebhookConfig
from coterie.store import Store, load_queries

FIXED = ("form", "attribute")
"""What a job writes is what its destination is, so it stays for as long as the job lives."""


def update_export(  # noqa: PLR0913 - the job form, spelled out
    store: Store,
    *,
    account: int,
    job_id: int,
    label: str | None = None,
    description: str | None = None,
    options: Mapping[str, Any] | None = None,
    clean_up: bool = False,
    actor: Actor,
    clock: Clock,
) -> Job:
    """Change what is given (None: as it was); everyone is sent what follows from the new options.

    `options` are those of the job's config that change. What the job no longer stands for, of
    an audience that it exports no more, is taken away at the destination with `clean_up`, else left
    as it is. Raises BadJobError, UnknownJobError, UnknownAudienceError, UnknownFieldError.
    """
    with definition_change(store, clock) as change:
        job = lock_job(change, account, job_id)
        before = require_changeable(job)
        check_clean_up(before, asked=clean_up)
        after = merge_options(before, options or {}, now=change.now)
        values: dict[str, Any] = {
            "label": job.label if label is None else check_label(label),
            "description": job.description if description is None else description.strip(),
            "config": to_json(after),
        }
        if after != before:
            check_export(after, now=change.now)
            require_destination(change.conn, account, job.authorization_id or 0, after)
            check_named(change.conn, account, after)
            asks_anew = _asks_anew(before, after)
            values |= _restart(job, change.now, asks_anew=asks_anew)
            if asks_anew and "state" not in values:
                recheck_others(change, job)
            _leave_or_clean(change, job, after, clean_up=clean_up)
            if isinstance(after, FeedConfig) and job.destination_id is not None:
                choose_repeats(change.conn, job.destination_id, after)
        detail = _told(before, after, clean_up=clean_up)
        said = _said(after, detail, actor=actor)
        return rewrite_job(change, job, values, actor=actor, said=said, detail=detail)


def require_changeable(job: Job) -> ExportConfig:
    """Return the options of an export that goes on. Raises BadJobError."""
    if not isinstance(job.config, ExportConfig):
        raise BadJobError(
            message=f"Job {job.id} reads or writes files, which change in another way: "
            f"`coterie job update-{job.kind.replace('_', '-')} {job.id}`, or Edit on its page."
        )
    if job.state in ENDED:
        raise BadJobError(message=f"Job {job.id} is {job.state}. Create another one.")
    if ENDING in job.checkpoint:
        raise BadJobError(
            message=f"Job {job.id} is ending and takes away what it wrote. Create another one."
        )
    return job.config


def merge_options(
    before: ExportConfig, options: Mapping[str, Any], *, now: datetime
) -> ExportConfig:
    """Return options with others in their place. Raises BadJobError."""
    asked = {
        **msgspec.to_builtins(before),
        **msgspec.to_builtins(dict(options)),
        "kind": kind_of(before),
    }
    after = read_export(asked)
    for name in FIXED:
        if getattr(after, name, None) != getattr(before, name, None):
            raise BadJobError(
                message=f"The {name} of a job cannot change: what it wrote would be forgotten. "
                "Create another job, and delete this one with clean-up."
            )
    if isinstance(before, WebhookConfig) and before.existing_users != after.existing_users:
        raise BadJobError("Who was told at the start of a webhook job is past. Create another job.")
    if isinstance(before, WebhookConfig) and isinstance(after, WebhookConfig):
        # Who takes a field out of the messages need not take its name away too.
        gone = set(before.told_fields) - set(after.told_fields)
        kept_names = {field: name for field, name in after.names.items() if field not in gone}
        after = msgspec.structs.replace(after, names=kept_names)
    if isinstance(before, WebhookConfig | FeedConfig):
        after = msgspec.structs.replace(after, outlet=before.outlet)
    if before.existing_users and not after.existing_users:
        raise BadJobError(
            "Existing Users cannot be switched off once they were sent. Create another job."
        )
    kept = {slug: at for slug, at in before.joined.items() if slug in after.audiences}
    new = {slug: now for slug in after.audiences if slug not in before.audiences}
    return msgspec.structs.replace(after, joined=kept | new)


def given_up(job: Job, after: ExportConfig) -> list[str]:
    """Return the values that a job stands for no more with other options."""
    return sorted(require_changeable(job).keys - after.keys)


def _asks_anew(before: ExportConfig, after: ExportConfig) -> bool:
    """Say whether nothing may leave until people were asked for what a job asks of them since now.

    What suppresses people takes their claims away as they are stated anew; events are no claims.
    """
    if after.consent is not None and after.consent != before.consent:
        return True
    added = set(after.suppressed_by) - set(before.suppressed_by)
    return isinstance(after, FeedConfig) and bool(added)


def _restart(job: Job, now: datetime, *, asks_anew: bool) -> dict[str, Any]:
    """Let a runner go over all recipients and members once more.

    What an earlier change asked for is asked for still, if no runner has come to that yet.
    """
    edition = int(job.checkpoint.get(EDITION, 0)) + 1
    checkpoint: dict[str, Any] = {EDITION: edition, RESTATED: ""}
    if asks_anew or RECHECKING in job.checkpoint:
        checkpoint[RECHECKING] = dict(UNCHECKED)
    if job.state in ("paused", "failed"):
        return {"checkpoint": to_json(checkpoint)}
    state: JobState = "runnable"
    return {"checkpoint": to_json(checkpoint), "state": state, "run_at": now}


def _leave_or_clean(change: Change, job: Job, after: ExportConfig, *, clean_up: bool) -> None:
    now, gone = after.keys, given_up(job, after)
    # Who may be exported no longer (another consent, a suppressing audience) is taken away in any
    # case; this is about what the job as a whole stands for no more.
    values = {
        "destination_id": job.destination_id,
        "added": [] if clean_up else gone,
        "removed": sorted(now | set(gone)) if clean_up else sorted(now),
    }
    run(change.conn, load_queries("jobs").leave_alone, values)


def _said(after: ExportConfig, detail: Mapping[str, Any], *, actor: Actor) -> str:
    changed = ", ".join(detail["changed"])
    if not changed:
        return f"Changed by {actor.name}."
    return f"Changed by {actor.name}: {changed}. {say_waiting(after)}"


def _told(before: ExportConfig, after: ExportConfig, *, clean_up: bool) -> dict[str, Any]:
    detail: dict[str, Any] = {"changed": changed_options(before, after)}
    removed = [slug for slug in before.audiences if slug not in after.audiences]
    if removed:
        detail |= {"removed_audiences": removed, "clean_up": clean_up}
    return detail
