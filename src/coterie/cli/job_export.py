"""Commands that make and change export jobs."""

from typing import Annotated

import typer

from coterie.app.dry_runs import DryRuns
from coterie.app.services import config_source
from coterie.cli import export_options as option
from coterie.cli.context import open_context
from coterie.cli.dry_run_output import print_dry_run
from coterie.cli.entries import read_entries
from coterie.cli.job_output import which_account
from coterie.cli.job_profiles import make_export
from coterie.cli.output import AccountNumber, AsJson, print_json, print_table
from coterie.cli.shared_options import takes
from coterie.control import jobs
from coterie.flow.run.lookup import Lookup


@takes(option.read_identifiers, into="identifiers")
def export_audience(
    label: option.Label,
    authorization: Annotated[int, typer.Option(help="Id of a Braze authorization.")],
    audience: option.Audiences = None,
    identifiers: option.Identifiers = option.NO_IDENTIFIERS,
    identifier_order: option.Order = None,
    existing_users: Annotated[
        bool, typer.Option(help="Send the present members first, or only changes from now on.")
    ] = True,
    form: Annotated[
        str,
        typer.Option(
            help="array: an array attribute holds the audiences; booleans: each audience is an "
            "attribute of its own; cohorts: each is a cohort, for partners of Braze."
        ),
    ] = "array",
    attribute: Annotated[
        str, typer.Option(help="The array attribute that is written.")
    ] = "lytics_segments",
    value_prefix: option.Prefix = None,
    name: option.Names = None,
    audience_events: option.Events = None,
    suppress: option.Suppressing = None,
    consent: option.ConsentField = None,
    quiet: option.Quiet = None,
    quiet_drop: option.QuietDrop = False,
    existing_only: option.ExistingOnly = None,
    delete_forgotten: option.DeleteForgotten = None,
    expires_at: option.Expires = None,
    clean_up_at_expiry: option.ExpiryCleanUp = None,
    description: option.Description = "",
    dry_run: option.OnlyDry = False,
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Keep the members of audiences known to Braze."""
    options = option.Choices(
        audiences=audience or [],
        existing_users=existing_users,
        form=form,
        attribute=attribute,
        names=read_entries(name or []),
        suppressed_by=suppress or [],
    )
    options |= identifiers
    options.put("identifier_order", option.read_words(identifier_order))
    options.put("value_prefix", value_prefix)
    options.put("audience_events", audience_events)
    options.put("consent", option.read_consent(consent))
    options.put("quiet", option.read_quiet(quiet, drop=quiet_drop))
    options.put("existing_only", existing_only)
    options.put("delete_forgotten", delete_forgotten)
    options.put("expires_at", expires_at)
    options.put("clean_up_at_expiry", clean_up_at_expiry)
    make_export(
        options,
        label=label,
        description=description,
        authorization=authorization,
        dry_run=dry_run,
        account=account,
        as_json=as_json,
    )


def dry_run(
    job_id: Annotated[int, typer.Argument(help="The job's id, as listed.")],
    days: option.Days = 7,
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Say what an export would send now, and whom it omits; nothing is sent.

    Of events and purchases: what it would have sent of those of the last days.
    """
    with open_context() as context:
        runs = DryRuns(context.store, context.clock)
        number = which_account(context, account)
        found = runs.of_change(account=number, job_id=job_id, options={}, days=days)
    print_dry_run(found, as_json=as_json)


def omitted(
    job_id: Annotated[int, typer.Argument(help="The job's id, as listed.")],
    limit: Annotated[int, typer.Option(help="Most people shown.", min=1, max=10_000)] = 100,
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """List people whom an export does not send although an audience holds them, with the reason."""
    with open_context() as context:
        number = which_account(context, account)
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
