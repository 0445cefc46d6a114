"""What an import is told, and what it tells."""

from datetime import datetime
from typing import Literal

import msgspec

FileState = Literal["reading", "done", "failed"]


class CsvFormat(msgspec.Struct, frozen=True, kw_only=True):
    """How a CSV file is read.

    Empty `fields` means all columns; `timestamps` are the columns that may hold the event time,
    most important first. With `is_braze` the apostrophe that Braze puts before values that start
    with - = + or @ is taken off again.
    """

    delimiter: str = ","
    fields: tuple[str, ...] = ()
    timestamps: tuple[str, ...] = ()
    is_braze: bool = False


class ImportTask(msgspec.Struct, frozen=True, kw_only=True):
    """One file of one job. `sha256` is that of the file's bytes."""

    job_id: int
    account: int
    stream: str
    format: CsvFormat
    name: str
    size: int
    sha256: bytes
    modified_at: datetime | None = None


class FileProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a file has come; `rows_rejected` are among `rows_done`."""

    rows_done: int = 0
    rows_rejected: int = 0
    state: FileState = "reading"


class ImportedFile(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a job's ledger of files."""

    name: str
    size: int
    modified_at: datetime | None
    rows_done: int
    rows_rejected: int
    state: FileState
    started_at: datetime
    finished_at: datetime | None
