"""Commands about Export to SFTP jobs."""

from typing import Annotated

import typer

from coterie.cli.choices import Choices
from coterie.cli.context import ACTOR, open_context
from coterie.cli.file_jobs import change_file_job
from coterie.cli.file_options import read_export_options
from coterie.cli.job_options import Description, JobId, Label, NewDescription, NewLabel
from coterie.cli.job_output import print_jobs
from coterie.cli.output import AccountNumber, AsJson, print_json, print_table
from coterie.cli.shared_options import takes
from coterie.control import jobs


@takes(read_export_options, into="options")
def export_files(
    *,
    label: Label,
    audience: Annotated[str, typer.Option(help="Slug of the audience whose members are written.")],
    authorization: Annotated[
        int | None,
        typer.Option(help="Id of an SFTP authorization; the folder exports of the data without."),
    ] = None,
    options: Choices,
    description: Description = "",
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Write the members of an audience to files, once or by a schedule."""
    with open_context() as context:
        job = jobs.create_export_files(
            context.store,
            account=context.number(account),
            label=label,
            description=description,
            authorization_id=authorization,
            config={**options, "audience": audience},
            actor=ACTOR,
            now=context.clock(),
        )
    print_jobs([job], as_json=as_json)


@takes(read_export_options, into="options")
def update_export_files(
    *,
    job_id: JobId,
    label: NewLabel = None,
    audience: Annotated[
        str | None, typer.Option(help="Slug of the audience whose members are written.")
    ] = None,
    options: Choices,
    description: NewDescription = None,
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Change an export to files; what is left out stays as it is.

    The next file is written with it, and one under way begins again. The word none takes a list, a
    text or the consent away.
    """
    changed = Choices(options)
    changed.put("audience", audience)
    change_file_job(
        job_id,
        changed,
        label=label,
        description=description,
        account=account,
        as_json=as_json,
    )


def written_files(
    job_id: JobId,
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """List the files that an export has written, newest first."""
    with open_context() as context:
        found = context.files.written(context.number(account), job_id)
    if as_json:
        print_json(found)
        return
    columns = ("File", "State", "People", "Left out", "Size", "SHA-256", "Written")
    rows = [
        (
            one.name,
            one.state,
            one.people,
            one.left_out,
            one.size,
            one.sha256,
            one.finished_at,
        )
        for one in found
    ]
    print_table(f"Files of job {job_id}", columns, rows, empty="No file was written yet.")
