"""What an import is told, and what it tells."""

from datetime import datetime
from typing import Literal

import msgspec

FileState = Literal["reading", "done", "failed"]


class CsvFormat(msgspec.Struct, frozen=True, kw_only=True):
    """How a CSV file is read.

    Empty `fields` means all columns; `timestamps` are the columns that may hold the event time,
    most important first; `names` says under which raw key a column is taken, if not its own name.
    `header` names the columns of a file that has no header line. With `is_braze` the apostrophe
    that Braze puts before values that start with - = + or @ is taken off again. `encoding` "" finds
    it out.
    """

    delimiter: str = ","
    fields: tuple[str, ...] = ()
    timestamps: tuple[str, ...] = ()
    is_braze: bool = False
    names: dict[str, str] = {}
    header: tuple[str, ...] = ()
    encoding: str = ""


class ImportTask(msgspec.Struct, frozen=True, kw_only=True):
    """One file of one job. `sha256` is that of the file's bytes as they came.

    With `is_diff` rows are left out that the file before held word for word.
    """

    job_id: int
    account: int
    stream: str
    format: CsvFormat
    name: str
    size: int
    sha256: bytes
    modified_at: datetime | None = None
    is_diff: bool = False


class FileProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a file has come; `rows_rejected` and `rows_skipped` are among `rows_done`."""

    rows_done: int = 0
    rows_rejected: int = 0
    rows_skipped: int = 0
    state: FileState = "reading"


class ImportedFile(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a job's ledger of files; `failure` says why a file could not be read."""

    name: str
    size: int
    sha256: str
    modified_at: datetime | None
    rows_done: int
    rows_rejected: int
    rows_skipped: int
    state: FileState
    failure: str | None
    started_at: datetime
    finished_at: datetime | None


class RejectedRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of a file that was left out: where it stands, why, and its text."""

    name: str
    line: int
    column: str
    reason: str
    raw: str
