"""How commands choose an account for jobs, and print those."""

from collections.abc import Iterable

from coterie.cli.context import CliContext
from coterie.cli.output import print_json, print_table
from coterie.control import accounts
from coterie.model.control import Job


def which_account(context: CliContext, account: int | None) -> int:
    """Return the number of the chosen account, or of the only one."""
    return accounts.choose_account(context.store, account).number


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
