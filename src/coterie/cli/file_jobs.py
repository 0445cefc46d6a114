"""Changes a job that reads or writes files, as two commands ask."""

from coterie.cli.choices import Choices
from coterie.cli.context import ACTOR, open_context
from coterie.cli.job_output import print_jobs
from coterie.control import jobs


def change_file_job(
    job_id: int,
    options: Choices,
    *,
    label: str | None,
    description: str | None,
    account: int | None,
    as_json: bool,
) -> None:
    """Change a job and print it as it is now."""
    with open_context() as context:
        job = jobs.update_file_job(
            context.store,
            account=context.number(account),
            job_id=job_id,
            label=label,
            description=description,
            options=options,
            actor=ACTOR,
            clock=context.clock,
        )
    print_jobs([job], as_json=as_json)
