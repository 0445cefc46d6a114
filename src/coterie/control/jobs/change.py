"""Changing a job of any kind."""

from collections.abc import Mapping
from typing import Any

from coterie.base.clock import Clock
from coterie.control.jobs.errors import BadJobError
from coterie.control.jobs.read import get_job
from coterie.control.jobs.update import update_export
from coterie.control.jobs.update_files import is_file_job, update_file_job
from coterie.model.control import Actor, Job
from coterie.store import Store


def update_job(  # noqa: PLR0913 - the job form, spelled out
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
    """Change what is given of a job, as `update_export` and `update_file_job` do, and return it.

    Raises what they raise; BadJobError too if files were to be cleaned up.
    """
    if not is_file_job(get_job(store, account, job_id)):
        return update_export(
            store,
            account=account,
            job_id=job_id,
            label=label,
            description=description,
            options=options,
            clean_up=clean_up,
            actor=actor,
            clock=clock,
        )
    if clean_up:
        raise BadJobError("Files that a job has read or written stay. Do without clean-up.")
    return update_file_job(
        store,
        account=account,
        job_id=job_id,
        label=label,
        description=description,
        options=options,
        actor=actor,
        clock=clock,
    )
