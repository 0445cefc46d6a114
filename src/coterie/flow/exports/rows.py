"""Writes rows of people into a file, as CSV or as a JSON object a line."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import BinaryIO, Protocol

import msgspec

from coterie.flow.exports.cells import as_json, as_text, as_typed
from coterie.model.file_exports import Column, ExportFilesConfig, Record

_encode = msgspec.json.Encoder().encode


class RowWriter(Protocol):
    """Writes rows, some at a time."""

    def write(self, records: Iterable[Record]) -> None:
        """Write rows."""


class CsvWriter:
    """Rows as CSV (RFC 4180, lines end with a line feed)."""

    def __init__(
        self, target: BinaryIO, columns: Sequence[Column], config: ExportFilesConfig
    ) -> None:
        self._target = target
        self._join = config.join
        self._delimiter = config.delimiter
        if config.write_header:
            self._put([[column.heading for column in columns]])

    def write(self, records: Iterable[Record]) -> None:
        """Write rows."""
        join = self._join
        self._put([as_text(value, join) for value in record] for record in records)

    def _put(self, lines: Iterable[Sequence[str]]) -> None:
        into = io.StringIO()
        csv.writer(into, delimiter=self._delimiter, lineterminator="\n").writerows(lines)
        # Half a character, which events may hold, cannot be written.
        self._target.write(into.getvalue().encode("utf-8", "replace"))


class JsonWriter:
    """Rows as JSON objects, one a line; `is_typed`: each value surely is of its column's type."""

    def __init__(
        self, target: BinaryIO, columns: Sequence[Column], *, is_typed: bool = False
    ) -> None:
        self._target = target
        self._columns = columns
        self._is_typed = is_typed

    def write(self, records: Iterable[Record]) -> None:
        """Write rows."""
        self._target.writelines(_encode(self._shown(record)) + b"\n" for record in records)

    def _shown(self, record: Record) -> dict[str, object]:
        pairs = zip(self._columns, record, strict=True)
        if self._is_typed:
            return {column.heading: as_typed(value, column) for column, value in pairs}
        return {column.heading: as_json(value) for column, value in pairs}


def open_writer(
    target: BinaryIO, columns: Sequence[Column], config: ExportFilesConfig
) -> RowWriter:
    """Return what writes rows as a job wants them; for Parquet as JSON, to be converted."""
    if config.format == "csv":
        return CsvWriter(target, columns, config)
    return JsonWriter(target, columns, is_typed=config.format == "parquet")
