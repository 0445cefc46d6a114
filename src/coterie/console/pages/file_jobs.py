"""What the pages of the jobs that read and write files do alike."""

from collections.abc import Callable, Mapping
from typing import Any

from coterie.console.headers import Page
from coterie.console.pages.job_wizard import LOCAL, chosen_authorization
from coterie.console.pages.jobs import HOME
from coterie.console.visit import Visit
from coterie.control.authorizations import get_authorization
from coterie.control.jobs import update_file_job
from coterie.model.control import Authorization, Job

DELIMITERS = ((",", "Comma ,"), (";", "Semicolon ;"), ("|", "Bar |"), ("t", "Tab"))


def authorization_id(visit: Visit, job: Job | None = None) -> int | None:
    """Return where files are, of a job or as chosen for a new one; None: on this machine.

    Raises BadJobError, UnknownAuthorizationError.
    """
    if job is not None:
        return job.authorization_id
    chosen = visit.form.text("authorization") or visit.query.text("authorization")
    return None if chosen == LOCAL else chosen_authorization(visit).id


def authorization_of(visit: Visit, job: Job | None = None) -> Authorization | None:
    """Return the authorization that files are reached by, as `authorization_id` does."""
    number = authorization_id(visit, job)
    return None if number is None else get_authorization(visit.deps.store, visit.account, number)


def create_file_job(visit: Visit, create: Callable[..., Job], config: Any) -> Page:
    """Make a job out of what was entered and show it. Raises UserError."""
    job = create(
        visit.deps.store,
        account=visit.account,
        label=visit.form.text("label"),
        description=visit.form.text("description"),
        authorization_id=authorization_id(visit),
        config=config,
        actor=visit.actor,
        now=visit.now,
    )
    return visit.go(f"{HOME}/{job.id}", notice=f"Job “{job.label}” is created.")


def change_file_job(visit: Visit, job: Job, options: Mapping[str, Any]) -> Page:
    """Change a job by what was entered and show it. Raises UserError."""
    changed = update_file_job(
        visit.deps.store,
        account=visit.account,
        job_id=job.id,
        label=visit.form.text("label"),
        description=visit.form.text("description"),
        options=options,
        actor=visit.actor,
        clock=visit.deps.clock,
    )
    return visit.go(f"{HOME}/{job.id}", notice=f"Job “{changed.label}” is changed.")
