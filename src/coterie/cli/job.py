"""Commands about jobs."""

from collections.abc import Callable
from typing import Annotated

import msgspec
import typer

from coterie.cli.context import ACTOR, CliContext, open_context
from coterie.cli.entries import read_entries
from coterie.cli.output import AccountNumber, AsJson, print_json, print_record, print_table
from coterie.control import accounts, jobs
from coterie.model.control import ImportCsvConfig, Job

app = typer.Typer(name="job", help="Jobs: exports and imports.", no_args_is_help=True)

JobId = Annotated[int, typer.Argument(help="The job's id, as listed.")]
Label = Annotated[str, typer.Option(help="How lists call it.")]
Description = Annotated[str, typer.Option(help="A longer word about it.")]


@app.command("export-audience")
def export_audience(
    label: Label,
    authorization: Annotated[int, typer.Option(help="Id of a Braze authorization.")],
    identifier_field: Annotated[
        str, typer.Option(help="The field that holds Braze's external id of a user.")
    ],
    audience: Annotated[list[str], typer.Option(help="Slug of an audience. Repeatable.")],
    existing_users: Annotated[
        bool, typer.Option(help="Send the present members first, or only changes from now on.")
    ] = True,
    attribute: Annotated[
        str, typer.Option(help="The array attribute that is written.")
    ] = "lytics_segments",
    value_prefix: Annotated[str, typer.Option(help="Put before each slug.")] = "",
    name: Annotated[
        list[str] | None, typer.Option(help="slug=value: exported under this value. Repeatable.")
    ] = None,
    description: Description = "",
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Keep the members of audiences known to Braze."""
    with open_context() as context:
        job = jobs.create_export_audience(
            context.store,
            account=_number(context, account),
            label=label,
            description=description,
            authorization_id=authorization,
            identifier_field=identifier_field,
            audience_slugs=audience,
            existing_users=existing_users,
            attribute=attribute,
            value_prefix=value_prefix,
            names=read_entries(name or []),
            actor=ACTOR,
            clock=context.clock,
        )
    _print([job], as_json=as_json)


@app.command("import-csv")
def import_csv(
    label: Label,
    stream: Annotated[str, typer.Option(help="The stream that the rows go to.")],
    folder: Annotated[str, typer.Option(help="Folder of the files.")] = "",
    filename: Annotated[str, typer.Option(help="Name of one file.")] = "",
    prefix: Annotated[str, typer.Option(help="Start of the names of several files.")] = "",
    authorization: Annotated[
        int | None, typer.Option(help="Id of an SFTP authorization; a local folder without.")
    ] = None,
    field: Annotated[
        list[str] | None, typer.Option(help="A column to take; all if left out. Repeatable.")
    ] = None,
    delimiter: Annotated[str, typer.Option(help="One of , | ; or t (tab).")] = ",",
    timestamp: Annotated[
        list[str] | None, typer.Option(help="A column with the event time. Repeatable.")
    ] = None,
    braze_format: Annotated[
        bool, typer.Option(help="Take off the apostrophe that Braze puts before - = + and @.")
    ] = False,
    keep_updated: Annotated[bool, typer.Option(help="Keep watching for newer files.")] = False,
    description: Description = "",
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Read CSV files into a stream."""
    config = ImportCsvConfig(
        stream=stream,
        folder=folder,
        filename=filename,
        prefix=prefix,
        fields=tuple(field or ()),
        delimiter=delimiter,
        timestamps=tuple(timestamp or ()),
        continuous_update=keep_updated,
        braze_format=braze_format,
    )
    with open_context() as context:
        job = jobs.create_import_csv(
            context.store,
            account=_number(context, account),
            label=label,
            description=description,
            authorization_id=authorization,
            config=config,
            actor=ACTOR,
            now=context.clock(),
        )
    _print([job], as_json=as_json)


@app.command("list")
def list_(
    account: AccountNumber = None,
    deleted: Annotated[bool, typer.Option("--deleted", help="Deleted ones too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List an account's jobs, newest first."""
    with open_context() as context:
        found = jobs.list_jobs(context.store, _number(context, account), with_deleted=deleted)
    _print(found, as_json=as_json)


@app.command("show")
def show(job_id: JobId, account: AccountNumber = None, as_json: AsJson = False) -> None:
    """Show one job."""
    with open_context() as context:
        job = jobs.get_job(context.store, _number(context, account), job_id)
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
        found = jobs.job_logs(context.store, _number(context, account), job_id, limit)
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


@app.command("kill")
def kill(job_id: JobId, account: AccountNumber = None, as_json: AsJson = False) -> None:
    """Stop a job for good."""
    _step(jobs.kill_job, job_id, account, as_json=as_json)


@app.command("delete")
def delete(job_id: JobId, account: AccountNumber = None, as_json: AsJson = False) -> None:
    """Stop a job for good and take it off the list."""
    _step(jobs.delete_job, job_id, account, as_json=as_json)


def _step(step: Callable[..., Job], job_id: int, account: int | None, *, as_json: bool) -> None:
    with open_context() as context:
        number = _number(context, account)
        job = step(context.store, account=number, job_id=job_id, actor=ACTOR, clock=context.clock)
    _print([job], as_json=as_json)


def _as_text(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def _number(context: CliContext, account: int | None) -> int:
    return accounts.choose_account(context.store, account).number


def _print(found: list[Job], *, as_json: bool) -> None:
    if as_json:
        print_json(found)
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
        for job in found
    ]
    print_table("Jobs", columns, rows, empty="There are no jobs.")
