"""Commands that say what an export would send, and whom it does not."""

from typing import Annotated

import typer

from coterie.app.services import config_source
from coterie.cli.context import open_context
from coterie.cli.dry_run_output import print_dry_run
from coterie.cli.export_options import Days
from coterie.cli.job_options import JobId
from coterie.cli.output import AccountNumber, AsJson, print_json, print_table
from coterie.control import jobs
from coterie.model.dry_run import USUAL_DAYS


def dry_run(
    job_id: JobId,
    days: Days = USUAL_DAYS,
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Say what an export would send now, and whom it omits; nothing is sent.

    Of events and purchases: what it would have sent of those of the last days.
    """
    with open_context() as context:
        number = context.number(account)
        found = context.dry_runs.of_change(account=number, job_id=job_id, options={}, days=days)
    print_dry_run(found, as_json=as_json)


def omitted(
    job_id: JobId,
    limit: Annotated[int, typer.Option(help="Most people shown.", min=1, max=10_000)] = 100,
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """List people whom an export does not send although an audience holds them, with the reason."""
    from coterie.flow.run.lookup import Lookup

    with open_context() as context:
        number = context.number(account)
        jobs.get_job(context.store, number, job_id)
        lookup = Lookup(context.store, config_source())
        found = lookup.omitted_users(number, job_id, limit)
    if as_json:
        print_json(found)
        return
    rows = [
        (one.since, ", ".join(f"{each.field}={each.value}" for each in one.identifiers), one.reason)
        for one in found
    ]
    print_table(f"Omitted by job {job_id}", ("Since", "Who", "Reason"), rows, empty="Nobody.")
