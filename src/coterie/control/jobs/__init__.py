"""Jobs: made and steered by people, taken by runners; their row is the queue."""

from coterie.control.jobs.change import update_job
from coterie.control.jobs.create import create_export
from coterie.control.jobs.create_files import create_export_files, create_import_csv
from coterie.control.jobs.ending import (
    delete_job,
    expire_job,
    finish_cleaning,
    kill_job,
    wait_until,
)
from coterie.control.jobs.errors import BadJobError
from coterie.control.jobs.read import (
    UnknownJobError,
    add_log,
    get_job,
    job_logs,
    list_jobs,
    list_jobs_of_audience,
)
from coterie.control.jobs.runs import (
    fail,
    finish,
    finish_rechecking,
    release_job,
    save_progress,
    take_due_job,
)
from coterie.control.jobs.said import say_waiting
from coterie.control.jobs.states import JobStateError
from coterie.control.jobs.steps import RESTATED, pause_job, resume_job
from coterie.control.jobs.update import given_up, merge_options, update_export
from coterie.control.jobs.update_files import is_file_job, update_file_job

__all__ = [
    "RESTATED",
    "BadJobError",
    "JobStateError",
    "UnknownJobError",
    "add_log",
    "create_export",
    "create_export_files",
    "create_import_csv",
    "delete_job",
    "expire_job",
    "fail",
    "finish",
    "finish_cleaning",
    "finish_rechecking",
    "get_job",
    "given_up",
    "is_file_job",
    "job_logs",
    "kill_job",
    "list_jobs",
    "list_jobs_of_audience",
    "merge_options",
    "pause_job",
    "release_job",
    "resume_job",
    "save_progress",
    "say_waiting",
    "take_due_job",
    "update_export",
    "update_file_job",
    "update_job",
    "wait_until",
]
