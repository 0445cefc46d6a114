"""Prints jobs as commands found them."""

from collections.abc import Iterable

from coterie.cli.output import print_json, print_table
from coterie.model.control import Job


def print_jobs(found: Iterable[Job], *, as_json: bool) -> None:
    """Print jobs, one a line."""
    listed = list(found)
    if as_json:
        print_json(listed)
        return
    columns = ("Id", "Kind", "Label", "State", "Next run", "Progress", "Last error")
    rows = [
        (
            job.id,
            job.kind,
            job.label,
            job.state,
            job.run_at,
            f"{job.progress_done} of {job.progress_total}" if job.progress_total else None,
            job.last_error,
        )
        for job in listed
    ]
    print_table("Jobs", columns, rows, empty="There are no jobs.")
