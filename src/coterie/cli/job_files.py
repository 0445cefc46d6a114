"""Commands about Export to SFTP jobs."""

from typing import Annotated

import typer

from coterie.app.files import FileDesk
from coterie.app.services import Services
from coterie.cli.context import ACTOR, open_context
from coterie.cli.export_options import (
    ConsentField,
    Description,
    Label,
    Suppressing,
    read_consent,
)
from coterie.cli.job_output import print_jobs, which_account
from coterie.cli.output import AccountNumber, AsJson, print_json, print_table
from coterie.control import jobs


def export_files(
    label: Label,
    audience: Annotated[str, typer.Option(help="Slug of the audience whose members are written.")],
    authorization: Annotated[
        int | None,
        typer.Option(help="Id of an SFTP authorization; the folder exports of the data without."),
    ] = None,
    folder: Annotated[str, typer.Option(help="Folder that the files go to.")] = "",
    field: Annotated[
        list[str] | None,
        typer.Option(
            help="A column, in this order: field, or field=heading. All fields that are not "
            "personal if left out. Repeatable."
        ),
    ] = None,
    audience_column: Annotated[
        str, typer.Option(help="Heading of a column with the slugs of a person's audiences.")
    ] = "",
    file_format: Annotated[
        str, typer.Option("--format", help="csv, json (one object a line) or parquet.")
    ] = "csv",
    filename: Annotated[
        str, typer.Option(help="May hold {AUDIENCE} and {TIMESTAMP}; endings are added.")
    ] = "{AUDIENCE}_{TIMESTAMP}",
    time_format: Annotated[
        str, typer.Option(help="How {TIMESTAMP} is written.")
    ] = "%Y%m%dT%H%M%SZ",
    delimiter: Annotated[str, typer.Option(help="One of , | ; or t (tab).")] = ",",
    join: Annotated[str, typer.Option(help="Between the members of a list in CSV.")] = "&",
    header: Annotated[bool, typer.Option(help="Whether the first line names the columns.")] = True,
    gzip: Annotated[bool, typer.Option("--gzip", help="Compress the file.")] = False,
    frequency: Annotated[str, typer.Option(help="hourly, daily or weekly; once if left out.")] = "",
    time_of_day: Annotated[
        str, typer.Option(help="When a file is written, such as 02:30; hourly takes the minute.")
    ] = "",
    weekday: Annotated[str, typer.Option(help="monday to sunday, for weekly files.")] = "",
    timezone: Annotated[
        str, typer.Option(help="Time zone of the time of day, such as Europe/Oslo.")
    ] = "",
    limit: Annotated[int, typer.Option(help="Most people of a file; 0 for all.", min=0)] = 0,
    suppress: Suppressing = None,
    consent: ConsentField = None,
    description: Description = "",
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """Write the members of an audience to files, once or by a schedule."""
    pairs = [entry.partition("=") for entry in field or []]
    options = {
        "audience": audience,
        "folder": folder,
        "fields": [name for name, _, _ in pairs],
        "names": {name: heading for name, equals, heading in pairs if equals},
        "audience_column": audience_column,
        "format": file_format,
        "filename": filename,
        "time_format": time_format,
        "delimiter": delimiter,
        "join": join,
        "write_header": header,
        "gzip": gzip,
        "frequency": frequency,
        "time_of_day": time_of_day,
        "weekday": weekday,
        "timezone": timezone,
        "limit": limit,
        "suppressed_by": suppress or [],
        "consent": read_consent(consent),
    }
    with open_context() as context:
        job = jobs.create_export_files(
            context.store,
            account=which_account(context, account),
            label=label,
            description=description,
            authorization_id=authorization,
            config=options,
            actor=ACTOR,
            now=context.clock(),
        )
    print_jobs([job], as_json=as_json)


def written_files(
    job_id: Annotated[int, typer.Argument(help="The job's id, as listed.")],
    account: AccountNumber = None,
    as_json: AsJson = False,
) -> None:
    """List the files that an export has written, newest first."""
    with open_context() as context:
        desk = FileDesk(Services(context.settings, context.clock, context.ring, context.store))
        found = desk.written(which_account(context, account), job_id)
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
