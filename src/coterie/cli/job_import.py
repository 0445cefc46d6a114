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
    TransferSpeedColumn,
)

from coterie.cli.choices import Choices
from coterie.cli.context import ACTOR, open_context
from coterie.cli.file_jobs import change_file_job
from coterie.cli.file_options import (
    AuthorizationId,
    Encoding,
    Filename,
    Folder,
    Pattern,
    Prefix,
    read_import_options,
)
from coterie.cli.files_look import print_look
from coterie.cli.job_options import Description, JobId, Label, NewDescription, NewLabel
from coterie.cli.job_output import print_jobs
from coterie.cli.output import AccountNumber, AsJson, print_json, print_table
from coterie.cli.shared_options import takes
from coterie.control import jobs
from coterie.control.jobs.import_checks import check_import, read_import
from coterie.control.jobs.states import ACTIVE
from coterie.model.control import Job
from coterie.model.previews import MOST_ROWS, USUAL_ROWS

WATCH_SECONDS = 0.5


@takes(read_import_options, into="options")
def import_csv(
    *,
    label: Label,
    stream: Annotated[str, typer.Option(help="The stream that the rows go to.")],
    authorization: AuthorizationId = None,
    options: Choices,
    description: Description = "",
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Read CSV files into a stream."""
    with open_context() as context:
        job = jobs.create_import_csv(
            context.store,
            account=context.number(account),
            label=label,
            description=description,
            authorization_id=authorization,
            config={**options, "stream": stream},
            actor=ACTOR,
            now=context.clock(),
        )
    print_jobs([job], as_json=as_json)


@takes(read_import_options, into="options")
def update_import_csv(
    *,
    job_id: JobId,
    label: NewLabel = None,
    stream: Annotated[str | None, typer.Option(help="The stream that the rows go to.")] = None,
    options: Choices,
    description: NewDescription = None,
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Change an import; what is left out stays as it is.

    Rows that were read stay as they are, those to come are read anew, and files that could not be
    read are tried again. The word none takes a list or a text away.
    """
    changed = Choices(options)
    changed.put("stream", stream)
    change_file_job(
        job_id,
        changed,
        label=label,
        description=description,
        account=account,
        as_json=as_json,
    )


def look(
    folder: Folder = None,
    filename: Filename = None,
    prefix: Prefix = None,
    pattern: Pattern = None,
    authorization: AuthorizationId = None,
    stream: Annotated[str, typer.Option(help="The stream whose mapping is tried.")] = "default",
    encoding: Encoding = None,
    rows: Annotated[
        int, typer.Option(help="Rows of the newest file that are tried.", min=1, max=MOST_ROWS)
    ] = USUAL_ROWS,
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Look at files before importing them: which there are, columns, first rows as profiles."""
    options = read_import_options(
        folder=folder, filename=filename, prefix=prefix, pattern=pattern, encoding=encoding
    )
    config = read_import({**options, "stream": stream})
    checked = check_import(config, is_local=authorization is None)
    with open_context() as context:
        number = context.number(account)
        found = context.files.look(number, authorization, checked, rows=rows)
    if as_json:
        print_json(found)
    else:
        print_look(found)


def files(job_id: JobId, account: AccountNumber = None, as_json: AsJson = False) -> None:
    """List the files that an import has read, newest first."""
    with open_context() as context:
        found = context.files.files(context.number(account), job_id)
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
        lines = context.files.rejected_rows(context.number(account), job_id)
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
        TransferSpeedColumn(),
        TextColumn("{task.fields[rows]}"),
        TimeRemainingColumn(),
    )
    with (
        open_context() as context,
        Progress(*columns, console=Console(stderr=True), transient=True) as bar,
    ):
        task = bar.add_task(f"Job {job_id}", total=None, rows="")
        while True:
            job = jobs.get_job(context.store, context.number(account), job_id)
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
