import io

import pytest

from coterie.flow.imports.errors import BadHeaderError, MissingColumnError
from coterie.flow.imports.rows import ENCODING, ENCODING_ERRORS, BadRow, Row, read_rows
from coterie.model.imports import CsvFormat


def read(data: str | bytes, form: CsvFormat | None = None) -> list[Row | BadRow]:
    raw = data.encode() if isinstance(data, str) else data
    stream = io.TextIOWrapper(
        io.BytesIO(raw), encoding=ENCODING, errors=ENCODING_ERRORS, newline=""
    )
    return list(read_rows(stream, form or CsvFormat(), name="users.csv"))


def values(rows: list[Row | BadRow]) -> list[dict[str, str]]:
    return [row.values for row in rows if isinstance(row, Row)]


def test_a_row_is_its_filled_cells_by_column() -> None:
    assert values(read("id,city,age\n1,Oslo,\n2,,30\n")) == [
        {"id": "1", "city": "Oslo"},
        {"id": "2", "age": "30"},
    ]


def test_a_byte_order_mark_is_no_part_of_the_first_column() -> None:
    assert values(read(b"\xef\xbb\xbfid\n1\n")) == [{"id": "1"}]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_ends_a_line(end: str) -> None:
    assert values(read(f"id{end}1{end}2{end}")) == [{"id": "1"}, {"id": "2"}]


def test_quoted_cells_may_hold_delimiters_quotes_and_line_ends() -> None:
    (row,) = read('id,note\n1,"a, ""b""\nc"\n')

    assert isinstance(row, Row)
    assert row.values["note"] == 'a, "b"\nc'
    assert row.raw == '1,"a, ""b""\nc"\n'


@pytest.mark.parametrize("delimiter", [",", ";", "|", "\t"])
def test_each_delimiter_is_understood(delimiter: str) -> None:
    form = CsvFormat(delimiter=delimiter)

    assert values(read(f"a{delimiter}b\n1{delimiter}2\n", form)) == [{"a": "1", "b": "2"}]


def test_a_ragged_row_is_rejected_with_its_line_and_column_and_the_rest_goes_on() -> None:
    rows = read("id,city\n1,Oslo\n2\n\n3,Rome,x\n4,Bonn\n")

    assert values(rows) == [{"id": "1", "city": "Oslo"}, {"id": "4", "city": "Bonn"}]
    short, long = [row for row in rows if isinstance(row, BadRow)]
    assert (short.number, short.line, short.raw) == (2, 3, "2\n")
    assert "'city'" in short.reason
    assert (long.number, long.line) == (3, 5)
    assert "too many" in long.reason


def test_lines_are_counted_across_quoted_line_ends() -> None:
    rows = read('id,note\n1,"a\nb"\n2\n')

    assert [row.line for row in rows] == [2, 4]


def test_a_cell_that_is_not_utf8_rejects_its_row_only() -> None:
    rows = read(b"id,city\n1,K\xf6ln\n2,Oslo\n")

    bad = rows[0]
    assert isinstance(bad, BadRow)
    assert "'city' is not UTF-8" in bad.reason
    assert bad.raw.encode("utf-8", "surrogateescape") == b"1,K\xf6ln\n"
    assert values(rows) == [{"id": "2", "city": "Oslo"}]


def test_an_enormous_cell_rejects_its_row_only() -> None:
    rows = read("id\n" + "x" * 1_000_001 + "\n2\n")

    assert isinstance(rows[0], BadRow)
    assert values(rows) == [{"id": "2"}]


@pytest.mark.parametrize(
    ("cell", "meant"),
    [
        ("'+15045550100", "+15045550100"),
        ("'-1943", "-1943"),
        ("'=1+1", "=1+1"),
        ("'@handle", "@handle"),
        ("'tis", "'tis"),
        ("''-", "''-"),
        ("-5", "-5"),
        ("'", "'"),
    ],
)
def test_the_apostrophe_of_braze_is_taken_off_where_braze_put_it(cell: str, meant: str) -> None:
    text = f"phone\n{cell}\n"

    assert values(read(text, CsvFormat(is_braze=True))) == [{"phone": meant}]
    assert values(read(text)) == [{"phone": cell}]


def test_only_chosen_fields_and_timestamps_are_kept() -> None:
    form = CsvFormat(fields=("id",), timestamps=("at",))

    assert values(read("id,city,at\n1,Oslo,2026\n", form)) == [{"id": "1", "at": "2026"}]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("\n1\n", "blank"),
        ("id,,city\n1,2,3\n", "column 2 has no readable name"),
        ("id,city,id\n1,2,3\n", "two columns are named 'id'"),
    ],
)
def test_a_header_that_names_no_columns_is_refused(text: str, reason: str) -> None:
    with pytest.raises(BadHeaderError, match=reason):
        read(text)


def test_a_missing_column_is_named_with_those_that_are_there() -> None:
    with pytest.raises(MissingColumnError, match=r"no column 'at'.*id, city"):
        read("id,city\n1,Oslo\n", CsvFormat(timestamps=("at",)))
