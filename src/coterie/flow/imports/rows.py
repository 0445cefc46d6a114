"""Reads the rows of a CSV file one after another."""

import csv
from collections.abc import Iterator, Sequence
from typing import TextIO

import msgspec

from coterie.flow.imports.errors import BadHeaderError, MissingColumnError
from coterie.model.imports import CsvFormat

# utf-8-sig drops a byte order mark; undecodable bytes come through as lone surrogates, so that one
# bad cell rejects its row and not the file.
ENCODING = "utf-8-sig"
ENCODING_ERRORS = "surrogateescape"
CELL_LIMIT = 1_000_000
# Braze guards values that a spreadsheet would take for a formula (docs, segment_data_to_csv).
GUARDED = ("'-", "'=", "'+", "'@")


class Row(msgspec.Struct, frozen=True):
    """A good row: its number among all rows (from 1), its first line, its filled cells."""

    number: int
    line: int
    values: dict[str, str]
    raw: str


class BadRow(msgspec.Struct, frozen=True):
    """A row that is no event, with the reason and its text as it stands in the file."""

    number: int
    line: int
    reason: str
    raw: str


def read_rows(stream: TextIO, form: CsvFormat, *, name: str) -> Iterator[Row | BadRow]:
    """Yield every row after the header; blank lines are no rows.

    `stream` is opened with `ENCODING`, `ENCODING_ERRORS` and newline="". Raises `BadHeaderError`
    or `MissingColumnError` before the first row.
    """
    csv.field_size_limit(CELL_LIMIT)
    lines = _Lines(stream)
    reader = csv.reader(lines, delimiter=form.delimiter)
    header = _read_header(reader, name=name)
    _check_columns(header, form, name=name)
    kept = frozenset(form.fields or header) | frozenset(form.timestamps)
    lines.take()
    number = 0
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            number += 1
            yield BadRow(number, line, f"it cannot be read ({error})", lines.take())
            continue
        raw = lines.take()
        if not cells:
            continue
        number += 1
        reason = _find_fault(cells, header, raw)
        if reason:
            yield BadRow(number, line, reason, raw)
        else:
            yield Row(number, line, _values(cells, header, kept, is_braze=form.is_braze), raw)


class _Lines:
    """Hands lines to the CSV reader and remembers those of the row under way."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._seen: list[str] = []

    def __iter__(self) -> Iterator[str]:
        for line in self._stream:
            self._seen.append(line)
            yield line

    def take(self) -> str:
        seen = "".join(self._seen)
        self._seen.clear()
        return seen


def _read_header(reader: "Iterator[list[str]]", *, name: str) -> list[str]:
    try:
        header = [cell.strip() for cell in next(reader)]
    except StopIteration:
        raise BadHeaderError(name=name, reason="it is empty") from None
    except csv.Error as error:
        raise BadHeaderError(name=name, reason=f"its first line is no CSV ({error})") from error
    if not header:
        raise BadHeaderError(name=name, reason="its first line is blank")
    for number, column in enumerate(header, start=1):
        if not column or not column.isprintable():
            raise BadHeaderError(name=name, reason=f"column {number} has no readable name")
        if header.index(column) != number - 1:
            raise BadHeaderError(name=name, reason=f"two columns are named {column!r}")
    return header


def _check_columns(header: Sequence[str], form: CsvFormat, *, name: str) -> None:
    asked = dict.fromkeys((*form.fields, *form.timestamps))
    missing = [column for column in asked if column not in header]
    if missing:
        raise MissingColumnError(name=name, missing=missing, header=header)


def _find_fault(cells: Sequence[str], header: Sequence[str], raw: str) -> str:
    if len(cells) < len(header):
        column = header[len(cells)]
        return f"it has {len(cells)} cells for {len(header)} columns: nothing for {column!r}"
    if len(cells) > len(header):
        return f"it has {len(cells)} cells for {len(header)} columns: too many after {header[-1]!r}"
    if not raw.isascii():
        for column, cell in zip(header, cells, strict=True):
            if any("\ud800" <= character <= "\udfff" for character in cell):
                return f"column {column!r} is not UTF-8"
    return ""


def _values(
    cells: Sequence[str], header: Sequence[str], kept: frozenset[str], *, is_braze: bool
) -> dict[str, str]:
    values = {
        column: cell
        for column, cell in zip(header, cells, strict=True)
        if cell != "" and column in kept
    }
    if is_braze:
        for column, cell in values.items():
            if cell.startswith(GUARDED):
                values[column] = cell[1:]
    return values
