"""A row as an event's JSON is what a dict of its filled cells would be, whatever the columns."""

import io
from itertools import compress

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from coterie.flow.imports.columns import Columns
from coterie.flow.imports.rows import GUARDED, Row, read_rows
from coterie.model.imports import CsvFormat

# What may stand in a header: quotes and backslashes too.
NAMES = st.lists(
    st.text(st.sampled_from('abé"\\ '), min_size=1, max_size=4), min_size=1, max_size=6, unique=True
)
CELLS = st.text(st.characters(blacklist_categories=["Cs"]), max_size=8)


@given(NAMES, st.data())
def test_an_event_is_the_filled_cells_that_are_taken_by_their_raw_keys(
    header: list[str], data: st.DataObject
) -> None:
    cells = data.draw(st.lists(CELLS, min_size=len(header), max_size=len(header)))
    fields = data.draw(st.lists(st.sampled_from(header), unique=True))
    # No two columns become one.
    names = {column: f"{column}!" for column in data.draw(st.sets(st.sampled_from(header)))}
    columns = Columns(header, CsvFormat(fields=tuple(fields), names=names))

    event = columns.event(cells)

    filled = dict(compress(zip(header, cells, strict=True), cells))
    taken = {
        names.get(column, column): cell
        for column, cell in filled.items()
        if not fields or column in fields
    }
    assert event == msgspec.json.encode(taken)
    assert columns.filled(cells) == {k: v for k, v in filled.items() if not fields or k in fields}
    assert [columns.cell(cells, column) for column in header] == cells


@given(st.lists(st.lists(st.text("'-+x\"", max_size=4), min_size=3, max_size=3), max_size=6))
def test_apostrophes_are_taken_off_each_guarded_cell_and_no_other(rows: list[list[str]]) -> None:
    lines = [",".join(f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row) for row in rows]
    text = "\n".join(["a,b,c", *lines]) + "\n"

    found = list(read_rows(io.StringIO(text, newline=""), CsvFormat(is_braze=True), name="x.csv"))

    cells = [row.cells for row in found if isinstance(row, Row)]
    assert cells == [
        [cell[1:] if cell.startswith(GUARDED) else cell for cell in row] for row in rows
    ]


def test_an_apostrophe_is_taken_off_where_a_quoted_part_of_the_cell_ends_after_it() -> None:
    text = 'a,b\n"\'"-5,"\'"=1\n'

    (row,) = read_rows(io.StringIO(text, newline=""), CsvFormat(is_braze=True), name="x.csv")

    assert isinstance(row, Row)
    assert row.values == {"a": "-5", "b": "=1"}
