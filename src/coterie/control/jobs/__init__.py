"""Jobs: made and steered by people, taken by runners; their row is the queue."""

from coterie.control.jobs.create import BadJobError, create_export_audience, create_import_csv
from coterie.control.jobs.read import (
    UnknownJobError,
    add_log,
    get_job,
    job_logs,
    list_jobs,
)
from coterie.control.jobs.runs import fail, finish, release_job, save_progress, take_due_job
from coterie.control.jobs.states import JobStateError
from coterie.control.jobs.steps import delete_job, kill_job, pause_job, resume_job

__all__ = [
    "BadJobError",
    "JobStateError",
    "UnknownJobError",
    "add_log",
    "create_export_audience",
    "create_import_csv",
    "delete_job",
    "fail",
    "finish",
    "get_job",
    "job_logs",
    "kill_job",
    "list_jobs",
    "pause_job",
    "release_job",
    "resume_job",
    "save_progress",
    "take_due_job",
]
