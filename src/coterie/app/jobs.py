"""Binds what doors do with jobs to the store."""

from functools import partial

from coterie.api.dependencies import JobCalls
from coterie.app.dry_runs import DryRuns
from coterie.app.services import Services, config_source
from coterie.control import jobs
from coterie.flow.run.lookup import Lookup


def job_calls(services: Services) -> JobCalls:
    """Return the functions that the API calls."""
    store, clock = services.store, services.clock
    runs = DryRuns(store, clock)
    return JobCalls(
        get=partial(jobs.get_job, store),
        create_export=partial(jobs.create_export, store, clock=clock),
        update=partial(jobs.update_job, store, clock=clock),
        pause=partial(jobs.pause_job, store, clock=clock),
        resume=partial(jobs.resume_job, store, clock=clock),
        kill=partial(jobs.kill_job, store, clock=clock),
        delete=partial(jobs.delete_job, store, clock=clock),
        dry_run_new=runs.of_new,
        dry_run_change=runs.of_change,
        omitted=Lookup(store, config_source()).omitted_users,
    )
