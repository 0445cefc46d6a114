"""Reads the rows of a CSV file one after another."""

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from typing import TextIO

import msgspec

from coterie.flow.imports.columns import Columns
from coterie.flow.imports.errors import BadHeaderError, EndlessCellError, MissingColumnError
from coterie.model.imports import CsvFormat

# utf-8-sig drops a byte order mark; undecodable bytes come through as lone surrogates, so that one
# bad cell rejects its row and not the file.
ENCODING = "utf-8-sig"
ENCODING_ERRORS = "surrogateescape"
CELL_LIMIT = 1_000_000
LINE_LIMIT = 4_000_000
DELIMITERS = ",;|\t"
ENDS = ("\n", "\r")
# Braze guards values that a spreadsheet would take for a formula (docs, segment_data_to_csv).
GUARDED = ("'-", "'=", "'+", "'@")
# How they look in a line; the quotes around a part of a cell may end between.
GUARDS = re.compile("'\"*[-=+@]")


class Row(msgspec.Struct, frozen=True, gc=False):
    """A good row: its number among all rows (from 1), its first line, its cells, its text.

    None of them can be part of a cycle, so the garbage collector need not look at it (gc=False).
    """

    number: int
    line: int
    cells: list[str]
    columns: Columns
    raw: str

    @property
    def values(self) -> dict[str, str]:
        """The cells with a value, by their columns; made at each call."""
        return self.columns.filled(self.cells)


class BadRow(msgspec.Struct, frozen=True, gc=False):
    """A row that is no event, with the reason and its text as it stands in the file.

    `column` is the column at fault, "" if it is the row as a whole.
    """

    number: int
    line: int
    reason: str
    raw: str
    column: str = ""


def read_rows(
    stream: TextIO, form: CsvFormat, *, name: str, after: int = 0
) -> Iterator[Row | BadRow]:
    """Yield every row after the header; blank lines are no rows. Numbers go on from `after`.

    `stream` is opened with `ENCODING`, `ENCODING_ERRORS` and newline="". Raises `BadHeaderError`
    or `MissingColumnError` before the first row, `EndlessCellError` where a quote never closes.
    """
    csv.field_size_limit(CELL_LIMIT)
    lines = _Lines(stream)
    reader = csv.reader(lines, delimiter=form.delimiter)
    header = list(form.header) or _read_header(reader, name=name, delimiter=form.delimiter)
    _check_columns(header, form, name=name)
    columns = Columns(header, form)
    guards = _Guards() if form.is_braze else None
    lines.take()
    number = after
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if reader.line_num > line:
                raise EndlessCellError(name=name, line=line, limit=CELL_LIMIT) from error
            number += 1
            yield BadRow(number, line, f"it cannot be read ({error})", lines.take())
            continue
        raw = lines.take()
        if not cells:
            continue
        number += 1
        fault = lines.fault() or _find_fault(
            cells, header, raw, is_last=lines.is_over or not raw.endswith(ENDS)
        )
        if fault:
            yield BadRow(number, line, fault[1], raw, fault[0])
        else:
            if guards is not None and "'" in raw:
                guards.take_off(cells, raw)
            yield Row(number, line, cells, columns, raw)


class _Lines:
    """Hands lines to the CSV reader and remembers those of the row under way.

    A line of more than `LINE_LIMIT` characters is cut, and `fault` says so: whatever the file, no
    more than that is in memory.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._seen: list[str] = []
        self._is_cut = False
        self.is_over = False

    def __iter__(self) -> Iterator[str]:
        while line := self._stream.readline(LINE_LIMIT):
            if len(line) == LINE_LIMIT and not line.endswith("\n"):
                self._is_cut = True
                line = line[:CELL_LIMIT] + "\n"
                self._skip_line()
            self._seen.append(line)
            yield line
        self.is_over = True

    def take(self) -> str:
        seen = self._seen[0] if len(self._seen) == 1 else "".join(self._seen)
        self._seen.clear()
        return seen

    def fault(self) -> tuple[str, str] | None:
        if not self._is_cut:
            return None
        self._is_cut = False
        return "", f"it has a line of more than {LINE_LIMIT:,} characters"

    def _skip_line(self) -> None:
        while (more := self._stream.readline(LINE_LIMIT)) and not more.endswith("\n"):
            pass


def _read_header(reader: "Iterator[list[str]]", *, name: str, delimiter: str) -> list[str]:
    try:
        header = [cell.strip() for cell in next(reader)]
    except StopIteration:
        raise BadHeaderError(name=name, reason="it is empty") from None
    except csv.Error as error:
        raise BadHeaderError(name=name, reason=f"its first line is no CSV ({error})") from error
    if not header:
        raise BadHeaderError(name=name, reason="its first line is blank")
    if len(header) == 1:
        _check_delimiter(header[0], delimiter, name=name)
    for number, column in enumerate(header, start=1):
        if not column or not column.isprintable():
            raise BadHeaderError(name=name, reason=f"column {number} has no readable name")
        if header.index(column) != number - 1:
            raise BadHeaderError(name=name, reason=f"two columns are named {column!r}")
    return header


def _check_delimiter(line: str, delimiter: str, *, name: str) -> None:
    other = max(DELIMITERS, key=line.count)
    if other != delimiter and line.count(other):
        word = "tab" if other == "\t" else other
        raise BadHeaderError(
            name=name,
            reason=f"its first line names one column only and holds {word!r} "
            f"{line.count(other)} times, so that is likely its delimiter",
        )


def _check_columns(header: Sequence[str], form: CsvFormat, *, name: str) -> None:
    asked = dict.fromkeys((*form.fields, *form.timestamps, *form.names))
    missing = [column for column in asked if column not in header]
    if missing:
        raise MissingColumnError(name=name, missing=missing, header=header)
    keys = [form.names.get(column, column) for column in form.fields or header]
    for key in keys:
        if keys.count(key) > 1:
            raise BadHeaderError(name=name, reason=f"two columns would be taken as {key!r}")


def _find_fault(
    cells: Sequence[str], header: Sequence[str], raw: str, *, is_last: bool
) -> tuple[str, str] | None:
    """Return the column at fault and what is wrong, None if nothing is."""
    if is_last and raw.count('"') % 2:
        return "", "the file ends inside of a quoted cell; it may have been cut off"
    if len(cells) < len(header):
        column = header[len(cells)]
        cut = ", and the file ends here; it may have been cut off" if is_last else ""
        return column, (
            f"it has {len(cells)} cells for {len(header)} columns: nothing for {column!r}{cut}"
        )
    if len(cells) > len(header):
        reason = (
            f"it has {len(cells)} cells for {len(header)} columns: too many after {header[-1]!r}"
        )
        return "", reason
    if "\0" in raw:
        return _column_with(
            cells, header, lambda cell: "\0" in cell
        ), "a cell holds a NUL character"
    if not raw.isascii() and _is_undecoded(raw):
        column = _column_with(cells, header, _is_undecoded)
        return column, f"column {column!r} is not UTF-8; name the file's encoding in the job"
    return None


def _column_with(
    cells: Sequence[str], header: Sequence[str], holds: "Callable[[str], bool]"
) -> str:
    return next((column for column, cell in zip(header, cells, strict=True) if holds(cell)), "")


def _is_undecoded(text: str) -> bool:
    # Lone surrogates stand for bytes that are no UTF-8, and no encoding takes them.
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


class _Guards:
    """Takes apostrophes off that guard cells; remembers in which columns, which are few."""

    def __init__(self) -> None:
        self._places: list[int] = []

    def take_off(self, cells: list[str], raw: str) -> None:
        left = len(GUARDS.findall(raw))
        for place in self._places:
            if cells[place].startswith(GUARDED):
                cells[place] = cells[place][1:]
                left -= 1
        if left:
            # Of another column, or in the middle of a cell.
            for place, cell in enumerate(cells):
                if cell.startswith(GUARDED):
                    cells[place] = cell[1:]
                    self._places.append(place)
