"""What an export to files says, and the ledger of what it wrote."""

from datetime import datetime
from typing import Any, Literal

import msgspec

from coterie.model.exports import Consent

FileFormat = Literal["csv", "json", "parquet"]
ExportFrequency = Literal["", "hourly", "daily", "weekly"]
Weekday = Literal["", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WrittenState = Literal["writing", "done"]
ColumnKind = Literal["text", "integer", "number", "boolean", "time"]
ColumnShape = Literal["one", "list", "map"]

SUFFIXES: dict[FileFormat, str] = {"csv": ".csv", "json": ".json", "parquet": ".parquet"}


class ExportFilesConfig(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="export_files"
):
    """Options of an Export to SFTP job: members of one audience, a row each, in a file.

    `fields` are the columns in their order (none: all fields that are not personal), `names` gives
    some of them another heading. `audience_column` is the heading of one more column, which holds
    the slugs of the audiences of a person ("": none). `filename` may hold {AUDIENCE} and
    {TIMESTAMP}, which is the instant at which the run began, in UTC, by `time_format`; what is
    missing of its ending is added. `join` stands between the members of a list in CSV.

    With a `frequency` a file is written again and again: at `time_of_day` ("02:30", of which hourly
    takes the minute) in `timezone`, weekly on `weekday`. `limit` is the most people of a file, 0
    for all; fewer are a fair draw. Members of `suppressed_by`, and who has not given `consent`, are
    left out.
    """

    audience: str
    folder: str = ""
    fields: tuple[str, ...] = ()
    names: dict[str, str] = {}
    audience_column: str = ""
    format: FileFormat = "csv"
    filename: str = "{AUDIENCE}_{TIMESTAMP}"
    time_format: str = "%Y%m%dT%H%M%SZ"
    delimiter: str = ","
    join: str = "&"
    write_header: bool = True
    gzip: bool = False
    frequency: ExportFrequency = ""
    time_of_day: str = ""
    weekday: Weekday = ""
    timezone: str = ""
    limit: int = 0
    suppressed_by: tuple[str, ...] = ()
    consent: Consent | None = None

    def file_name(self, *, at: datetime, is_encrypted: bool) -> str:
        """Return what the file of a run is called that began at `at` (UTC)."""
        name = self.filename.replace("{AUDIENCE}", self.audience)
        name = name.replace("{TIMESTAMP}", at.strftime(self.time_format))
        for ending, is_needed in (
            (SUFFIXES[self.format], True),
            (".gz", self.gzip),
            (".pgp", is_encrypted),
        ):
            if is_needed and not name.endswith((ending, ".gpg") if ending == ".pgp" else ending):
                name += ending
        return name


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """One column of a file: its heading, and what its cells hold."""

    heading: str
    kind: ColumnKind = "text"
    shape: ColumnShape = "one"


class WrittenFile(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the ledger of files that a job has written.

    `people` have a row in it; `left_out` are members who are suppressed or gave no consent. `size`
    and `sha256` are those of the file as it lies at the receiver, encrypted if it is.
    """

    name: str
    state: WrittenState
    people: int
    left_out: int
    size: int
    sha256: str
    started_at: datetime
    finished_at: datetime | None


Record = list[Any]
"""The values of one row, in the order of the columns."""
