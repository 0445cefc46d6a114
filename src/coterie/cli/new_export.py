"""Makes the export that a command describes, unless it asks only what that would do."""

import msgspec

from coterie.cli.choices import Choices
from coterie.cli.context import ACTOR, open_context
from coterie.cli.dry_run_output import print_dry_run
from coterie.cli.export_options import Days, OnlyDry, complete_quiet
from coterie.cli.job_options import Description
from coterie.cli.job_output import print_jobs
from coterie.cli.output import AccountNumber, AsJson
from coterie.control import jobs
from coterie.model.dry_run import USUAL_DAYS


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of a new export beside its options."""

    description: str
    is_dry_run: bool
    days: int
    account: int | None
    as_json: bool


def read_asked(
    *,
    description: Description = "",
    dry_run: OnlyDry = False,
    days: Days = USUAL_DAYS,
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> Asked:
    """Return what is asked; `days` matter to exports of events and purchases alone."""
    return Asked(
        description=description, is_dry_run=dry_run, days=days, account=account, as_json=as_json
    )


def make_export(options: Choices, asked: Asked, *, label: str, authorization: int) -> None:
    """Make an export and print it, or print what it would do. Raises BadEntryError."""
    complete_quiet(options)
    with open_context() as context:
        number = context.number(asked.account)
        if asked.is_dry_run:
            found = context.dry_runs.of_new(
                account=number, authorization_id=authorization, config=options, days=asked.days
            )
            print_dry_run(found, as_json=asked.as_json)
            return
        job = jobs.create_export(
            context.store,
            account=number,
            label=label,
            description=asked.description,
            authorization_id=authorization,
            config=options,
            actor=ACTOR,
            clock=context.clock,
        )
    print_jobs([job], as_json=asked.as_json)
