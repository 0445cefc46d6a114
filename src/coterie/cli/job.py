"""Commands about jobs."""

from collections.abc import Callable
from functools import partial
from typing import Annotated

import msgspec
import typer

from coterie.cli import (
    export_look,
    job_export,
    job_feeds,
    job_files,
    job_import,
    job_profiles,
    job_update,
    job_webhook,
)
from coterie.cli.context import ACTOR, open_context
from coterie.cli.job_options import JobId
from coterie.cli.job_output import print_jobs
from coterie.cli.output import AccountNumber, AsJson, print_json, print_record, print_table
from coterie.control import jobs
from coterie.model.control import Job

app = typer.Typer(name="job", help="Jobs: exports and imports.", no_args_is_help=True)

app.command("export-audience")(job_export.export_audience)
app.command("export-profiles")(job_profiles.export_profiles)
app.command("export-subscriptions")(job_profiles.export_subscriptions)
app.command("export-events")(job_feeds.export_events)
app.command("export-purchases")(job_feeds.export_purchases)
app.command("export-files")(job_files.export_files)
app.command("update-export-files")(job_files.update_export_files)
app.command("written-files")(job_files.written_files)
app.command("webhook")(job_webhook.webhook)
app.command("update")(job_update.update)
app.command("dry-run")(export_look.dry_run)
app.command("omitted")(export_look.omitted)
app.command("import-csv")(job_import.import_csv)
app.command("update-import-csv")(job_import.update_import_csv)
app.command("look")(job_import.look)
app.command("files")(job_import.files)
app.command("rejected-rows")(job_import.rejected_rows)
app.command("watch")(job_import.watch)


@app.command("list")
def list_(
    account: AccountNumber = None,
    deleted: Annotated[bool, typer.Option("--deleted", help="Deleted ones too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List an account's jobs, newest first."""
    with open_context() as context:
        found = jobs.list_jobs(context.store, context.number(account), with_deleted=deleted)
    print_jobs(found, as_json=as_json)


@app.command("show")
def show(job_id: JobId, account: AccountNumber = None, as_json: AsJson = False) -> None:
    """Show one job."""
    with open_context() as context:
        job = jobs.get_job(context.store, context.number(account), job_id)
    if as_json:
        print_json(job)
        return
    facts = {name: getattr(job, name) for name in job.__struct_fields__}
    facts["config"] = _as_text(job.config)
    facts["checkpoint"] = _as_text(job.checkpoint)
    print_record(f"Job {job.id}", facts.items())


@app.command("logs")
def logs(
    job_id: JobId,
    account: AccountNumber = None,
    limit: Annotated[int, typer.Option(help="Most lines shown.", min=1, max=10_000)] = 50,
    as_json: AsJson = False,
) -> None:
    """Show a job's log, newest first."""
    with open_context() as context:
        found = jobs.job_logs(context.store, context.number(account), job_id, limit)
    if as_json:
        print_json(found)
        return
    columns = ("Time", "Level", "Code", "Message", "Figures")
    rows = [(one.at, one.level, one.code, one.message, one.context) for one in found]
    print_table(f"Log of job {job_id}", columns, rows, empty="The log is empty.")


@app.command("pause")
def pause(job_id: JobId, account: AccountNumber = None, as_json: AsJson = False) -> None:
    """Hold a job until it is resumed."""
    _step(jobs.pause_job, job_id, account, as_json=as_json)


@app.command("resume")
def resume(job_id: JobId, account: AccountNumber = None, as_json: AsJson = False) -> None:
    """Let a paused or failed job go on."""
    _step(jobs.resume_job, job_id, account, as_json=as_json)


CleanUp = Annotated[
    bool,
    typer.Option(
        "--clean-up", help="Take away at the destination what only this export wrote, then end."
    ),
]


@app.command("kill")
def kill(
    job_id: JobId, clean_up: CleanUp = False, account: AccountNumber = None, as_json: AsJson = False
) -> None:
    """Stop a job for good."""
    _step(partial(jobs.kill_job, clean_up=clean_up), job_id, account, as_json=as_json)


@app.command("delete")
def delete(
    job_id: JobId, clean_up: CleanUp = False, account: AccountNumber = None, as_json: AsJson = False
) -> None:
    """Stop a job for good and take it off the list."""
    _step(partial(jobs.delete_job, clean_up=clean_up), job_id, account, as_json=as_json)


def _step(step: Callable[..., Job], job_id: int, account: int | None, *, as_json: bool) -> None:
    with open_context() as context:
        number = context.number(account)
        job = step(context.store, account=number, job_id=job_id, actor=ACTOR, clock=context.clock)
    print_jobs([job], as_json=as_json)


def _as_text(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
