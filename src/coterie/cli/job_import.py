"""Commands about Import CSV jobs."""

import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from coterie.app.files import FileDesk
from coterie.app.services import Services
from coterie.cli.context import ACTOR, CliContext, open_context
from coterie.cli.entries import read_entries
from coterie.cli.files_look import print_look
from coterie.cli.job_output import print_jobs, which_account
from coterie.cli.output import AccountNumber, AsJson, print_json, print_table
from coterie.control import jobs
from coterie.control.jobs.import_checks import check_import, read_import
from coterie.control.jobs.states import ACTIVE
from coterie.model.control import ImportCsvConfig, Job

JobId = Annotated[int, typer.Argument(help="The job's id, as listed.")]
Label = Annotated[str, typer.Option(help="How lists call it.")]
Description = Annotated[str, typer.Option(help="A longer word about it.")]
Folder = Annotated[str, typer.Option(help="Folder of the files.")]
Filename = Annotated[str, typer.Option(help="Name of one file.")]
Prefix = Annotated[str, typer.Option(help="Start of the names of several files.")]
Pattern = Annotated[
    str, typer.Option(help="In place of a prefix: a regular expression up to the time stamp.")
]
AuthorizationId = Annotated[
    int | None, typer.Option(help="Id of an SFTP authorization; a local folder without.")
]
Delimiter = Annotated[str, typer.Option(help="One of , | ; or t (tab).")]
Encoding = Annotated[str, typer.Option(help="Such as windows-1252; found out if left out.")]
WATCH_SECONDS = 0.5


def import_csv(
    label: Label,
    stream: Annotated[str, typer.Option(help="The stream that the rows go to.")],
    folder: Folder = "",
    filename: Filename = "",
    prefix: Prefix = "",
    pattern: Pattern = "",
    authorization: AuthorizationId = None,
    field: Annotated[
        list[str] | None, typer.Option(help="A column to take; all if left out. Repeatable.")
    ] = None,
    name: Annotated[
        list[str] | None, typer.Option(help="column=raw key: taken under that key. Repeatable.")
    ] = None,
    header: Annotated[
        list[str] | None,
        typer.Option(help="Name of a column of files without a header line. Repeatable."),
    ] = None,
    delimiter: Delimiter = ",",
    encoding: Encoding = "",
    timestamp: Annotated[
        list[str] | None, typer.Option(help="A column with the event time. Repeatable.")
    ] = None,
    braze_format: Annotated[
        bool, typer.Option(help="Take off the apostrophe that Braze puts before - = + and @.")
    ] = False,
    diff: Annotated[
        bool, typer.Option("--diff", help="Only rows that changed against the file before.")
    ] = False,
    keep_updated: Annotated[bool, typer.Option(help="Keep watching for newer files.")] = False,
    frequency: Annotated[
        str, typer.Option(help="How often a file is expected: hourly, daily, weekly, monthly.")
    ] = "",
    time_of_day: Annotated[
        str, typer.Option(help="Look for files at this time, such as 02:30, and not all the time.")
    ] = "",
    timezone: Annotated[
        str, typer.Option(help="Time zone of the time of day, such as Europe/Oslo.")
    ] = "",
    description: Description = "",
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Read CSV files into a stream."""
    config = read_import(
        {
            "stream": stream,
            "folder": folder,
            "filename": filename,
            "prefix": prefix,
            "pattern": pattern,
            "fields": field or [],
            "names": read_entries(name or []),
            "header": header or [],
            "delimiter": delimiter,
            "encoding": encoding,
            "timestamps": timestamp or [],
            "continuous_update": keep_updated,
            "braze_format": braze_format,
            "diff": diff,
            "file_frequency": frequency,
            "time_of_day": time_of_day,
            "timezone": timezone,
        }
    )
    with open_context() as context:
        job = jobs.create_import_csv(
            context.store,
            account=which_account(context, account),
            label=label,
            description=description,
            authorization_id=authorization,
            config=config,
            actor=ACTOR,
            now=context.clock(),
        )
    print_jobs([job], as_json=as_json)


def look(
    folder: Folder = "",
    filename: Filename = "",
    prefix: Prefix = "",
    pattern: Pattern = "",
    authorization: AuthorizationId = None,
    stream: Annotated[str, typer.Option(help="The stream whose mapping is tried.")] = "default",
    encoding: Encoding = "",
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Look at files before importing them: which there are, columns, first rows as profiles."""
    config = ImportCsvConfig(
        stream=stream,
        folder=folder,
        filename=filename,
        prefix=prefix,
        pattern=pattern,
        encoding=encoding,
    )
    checked = check_import(config, is_local=authorization is None)
    with open_context() as context:
        found = _desk(context).look(which_account(context, account), authorization, checked)
    if as_json:
        print_json(found)
    else:
        print_look(found)


def files(job_id: JobId, account: AccountNumber = None, as_json: AsJson = False) -> None:
    """List the files that an import has read, newest first."""
    with open_context() as context:
        found = _desk(context).files(which_account(context, account), job_id)
    if as_json:
        print_json(found)
        return
    columns = ("File", "Size", "Changed", "Rows", "Rejected", "Unchanged", "State", "Why")
    rows = [
        (
            one.name,
            one.size,
            one.modified_at,
            one.rows_done,
            one.rows_rejected,
            one.rows_skipped,
            one.state,
            one.failure,
        )
        for one in found
    ]
    print_table(f"Files of job {job_id}", columns, rows, empty="No file was read yet.")


def rejected_rows(
    job_id: JobId,
    out: Annotated[str, typer.Option(help="File to write; the screen without.")] = "",
    account: AccountNumber = None,
) -> None:
    """Write the rows that an import left out, with line, column and reason, as CSV."""
    with open_context() as context:
        lines = _desk(context).rejected_rows(which_account(context, account), job_id)
        if not out:
            sys.stdout.writelines(lines)
            return
        with Path(out).open("w", encoding="utf-8", newline="") as stream:
            stream.writelines(lines)
    typer.echo(f"Written to {out}.")


def watch(job_id: JobId, account: AccountNumber = None) -> None:
    """Show how a job gets on until it ends or sleeps: bytes, rows, rate, time left."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TextColumn("{task.fields[rows]}"),
        TimeRemainingColumn(),
    )
    with (
        open_context() as context,
        Progress(*columns, console=Console(stderr=True), transient=True) as bar,
    ):
        task = bar.add_task(f"Job {job_id}", total=None, rows="")
        while True:
            job = jobs.get_job(context.store, which_account(context, account), job_id)
            # A job that no runner has to look at, such as an export that follows, has no end.
            if job.state not in ACTIVE or job.state == "sleeping" or job.run_at is None:
                break
            _advance(bar, task, job)
            time.sleep(WATCH_SECONDS)
    print_jobs([job], as_json=False)


def _advance(bar: Progress, task: TaskID, job: Job) -> None:
    told = job.checkpoint.get("progress") or {}
    rate = told.get("rows_per_second")
    rows = f"{job.progress_done:,} rows" + (f", {rate:,} a second" if rate else "")
    what = f"{told['step']} {told['file']}" if told else job.state
    bar.update(
        task,
        description=what,
        completed=told.get("bytes", 0),
        total=told.get("bytes_total"),
        rows=rows,
    )


def _desk(context: CliContext) -> FileDesk:
    return FileDesk(Services(context.settings, context.clock, context.ring, context.store))
