"""The options of jobs that read and write files, as commands take them and as jobs keep them."""

from typing import Annotated

import typer

from coterie.cli.choices import Choices, empty_if_none, without_none
from coterie.cli.entries import read_entries
from coterie.cli.export_options import ConsentField, Suppressing, read_consent

Folder = Annotated[str | None, typer.Option(help="Folder of the files.")]
Filename = Annotated[str | None, typer.Option(help="Name of one file.")]
Prefix = Annotated[str | None, typer.Option(help="Start of the names of several files.")]
Pattern = Annotated[
    str | None,
    typer.Option(help="In place of a prefix: a regular expression up to the time stamp."),
]
AuthorizationId = Annotated[
    int | None,
    typer.Option("--authorization", help="Id of an SFTP authorization; a local folder without."),
]
Encoding = Annotated[
    str | None, typer.Option(help="Such as windows-1252; found out if left out, or none.")
]
Delimiter = Annotated[
    str | None, typer.Option(help="One of , | ; or t (tab); a comma unless said.")
]
TimeOfDay = Annotated[str | None, typer.Option(help="Such as 02:30; none takes it away.")]
Timezone = Annotated[
    str | None,
    typer.Option(help="Time zone of the time of day, such as Europe/Oslo; UTC unless said."),
]


def read_import_options(
    *,
    folder: Folder = None,
    filename: Filename = None,
    prefix: Prefix = None,
    pattern: Pattern = None,
    field: Annotated[
        list[str] | None, typer.Option(help="A column to take; all if none is. Repeatable.")
    ] = None,
    name: Annotated[
        list[str] | None, typer.Option(help="column=raw key: taken under that key. Repeatable.")
    ] = None,
    header: Annotated[
        list[str] | None,
        typer.Option(help="Name of a column of files without a header line. Repeatable."),
    ] = None,
    delimiter: Delimiter = None,
    encoding: Encoding = None,
    timestamp: Annotated[
        list[str] | None, typer.Option(help="A column with the event time. Repeatable.")
    ] = None,
    braze_format: Annotated[
        bool | None,
        typer.Option(
            "--braze-format/--no-braze-format",
            help="Take off the apostrophe that Braze puts before - = + and @.",
        ),
    ] = None,
    diff: Annotated[
        bool | None,
        typer.Option("--diff/--no-diff", help="Only rows that changed against the file before."),
    ] = None,
    keep_updated: Annotated[
        bool | None,
        typer.Option("--keep-updated/--no-keep-updated", help="Keep watching for newer files."),
    ] = None,
    frequency: Annotated[
        str | None,
        typer.Option(help="How often a file is expected: hourly, daily, weekly, monthly, none."),
    ] = None,
    time_of_day: TimeOfDay = None,
    timezone: Timezone = None,
) -> Choices:
    """Return the options of an import; none takes a list or a text away."""
    options = Choices()
    for option, text in (
        ("folder", folder),
        ("filename", filename),
        ("prefix", prefix),
        ("pattern", pattern),
        ("delimiter", delimiter),
    ):
        options.put(option, text)
    options.put("encoding", empty_if_none(encoding))
    options.put("file_frequency", empty_if_none(frequency))
    options.put("time_of_day", empty_if_none(time_of_day))
    options.put("timezone", empty_if_none(timezone))
    options.put("fields", without_none(field))
    options.put("header", without_none(header))
    options.put("timestamps", without_none(timestamp))
    if name:
        options["names"] = read_entries(without_none(name) or [])
    options.put("braze_format", braze_format)
    options.put("diff", diff)
    options.put("continuous_update", keep_updated)
    return options


def read_export_options(
    *,
    folder: Annotated[str | None, typer.Option(help="Folder that the files go to.")] = None,
    field: Annotated[
        list[str] | None,
        typer.Option(
            help="A column, in this order: field, or field=heading. All fields that are not "
            "personal if none is. Repeatable."
        ),
    ] = None,
    audience_column: Annotated[
        str | None,
        typer.Option(help="Heading of a column with the slugs of a person's audiences."),
    ] = None,
    file_format: Annotated[
        str | None, typer.Option("--format", help="csv, json (one object a line) or parquet.")
    ] = None,
    filename: Annotated[
        str | None, typer.Option(help="May hold {AUDIENCE} and {TIMESTAMP}; endings are added.")
    ] = None,
    time_format: Annotated[
        str | None, typer.Option(help="How {TIMESTAMP} is written, such as %Y%m%d.")
    ] = None,
    delimiter: Delimiter = None,
    join: Annotated[
        str | None, typer.Option(help="Between the members of a list in CSV; & unless said.")
    ] = None,
    header: Annotated[
        bool | None,
        typer.Option("--header/--no-header", help="Whether the first line names the columns."),
    ] = None,
    gzip: Annotated[
        bool | None, typer.Option("--gzip/--no-gzip", help="Compress the file.")
    ] = None,
    frequency: Annotated[
        str | None, typer.Option(help="hourly, daily or weekly; once unless said, or none.")
    ] = None,
    time_of_day: TimeOfDay = None,
    weekday: Annotated[
        str | None, typer.Option(help="monday to sunday, for weekly files; none takes it away.")
    ] = None,
    timezone: Timezone = None,
    limit: Annotated[
        int | None, typer.Option(help="Most people of a file; 0 for all.", min=0)
    ] = None,
    suppress: Suppressing = None,
    consent: ConsentField = None,
) -> Choices:
    """Return the options of an export to files; none takes a list, text or consent away."""
    options = Choices()
    for option, value in (
        ("folder", folder),
        ("format", file_format),
        ("filename", filename),
        ("time_format", time_format),
        ("delimiter", delimiter),
        ("join", join),
        ("write_header", header),
        ("gzip", gzip),
        ("limit", limit),
        ("audience_column", empty_if_none(audience_column)),
        ("frequency", empty_if_none(frequency)),
        ("time_of_day", empty_if_none(time_of_day)),
        ("weekday", empty_if_none(weekday)),
        ("timezone", empty_if_none(timezone)),
        ("suppressed_by", without_none(suppress)),
    ):
        options.put(option, value)
    if field:
        pairs = [entry.partition("=") for entry in without_none(field) or []]
        options["fields"] = [name for name, _, _ in pairs]
        options["names"] = {name: heading for name, equals, heading in pairs if equals}
    if consent is not None:
        options["consent"] = read_consent(consent)
    return options
