import gzip
import io
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from coterie.flow.imports.content import open_parts
from coterie.flow.imports.errors import (
    AllRowsBadError,
    BadContentError,
    BadHeaderError,
    EndlessCellError,
)
from coterie.flow.imports.rows import CELL_LIMIT, BadRow, Row, read_rows
from coterie.model.imports import CsvFormat

TEXT = "id,city\n1,Kraków\n2,Łódź\n"
LIMIT = 10_000_000


def texts(data: bytes, *, name: str = "users.csv", encoding: str = "") -> list[tuple[str, str]]:
    parts = open_parts(io.BytesIO(data), name=name, encoding=encoding, limit=LIMIT)
    return [(part.name, part.text.read()) for part in parts]


def rows(data: bytes, **form: Any) -> list[Row | BadRow]:
    found: list[Row | BadRow] = []
    for part in open_parts(io.BytesIO(data), name="users.csv", encoding="", limit=LIMIT):
        found += read_rows(part.text, CsvFormat(**form), name=part.name)
    return found


def zipped(**members: str) -> bytes:
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in members.items():
            packed.writestr(name, text)
    return into.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        b"\xef\xbb\xbf" + TEXT.encode(),
        TEXT.encode("utf-16"),
        TEXT.encode("utf-16-le"),
        TEXT.encode("utf-16-be"),
        TEXT.encode("utf-32"),
        gzip.compress(TEXT.encode()),
        zipped(**{"users.csv": TEXT}),
        gzip.compress(TEXT.encode("utf-16")),
    ],
    ids=[
        "utf-8",
        "bom",
        "utf-16",
        "utf-16-le",
        "utf-16-be",
        "utf-32",
        "gzip",
        "zip",
        "gzip-utf-16",
    ],
)
def test_a_text_is_found_whatever_it_is_packed_in(data: bytes) -> None:
    assert texts(data) == [("users.csv", TEXT)]


def test_a_name_does_not_make_a_file_encrypted() -> None:
    assert texts(TEXT.encode("utf-8-sig"), name="users.csv.gpg") == [("users.csv.gpg", TEXT)]


def test_a_named_encoding_is_believed() -> None:
    assert texts(TEXT.encode("windows-1250"), encoding="windows-1250") == [("users.csv", TEXT)]


def test_the_files_of_a_zip_come_in_the_order_of_their_names() -> None:
    data = zipped(**{"b.csv": "id\n2\n", "a/1.csv": "id\n1\n", "__MACOSX/._b.csv": "x", ".DS": "x"})

    assert texts(data, name="users.zip") == [
        ("users.zip/a/1.csv", "id\n1\n"),
        ("users.zip/b.csv", "id\n2\n"),
    ]


@pytest.mark.parametrize(
    ("data", "name", "says"),
    [
        (zipped(**{"[Content_Types].xml": "x", "xl/workbook.xml": "x"}), "a.csv", "Excel workbook"),
        (b"PK\x03\x04rubbish", "users.xlsx", "spreadsheet.*CSV UTF-8"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "users.csv", "spreadsheet"),
        (b"PK\x03\x04rubbish", "users.zip", "cut off or damaged"),
        (zipped(**{"a.csv": TEXT})[:-30], "users.zip", "cut off or damaged"),
        (gzip.compress(TEXT.encode() * 100, mtime=0)[:-30], "users.csv.gz", "cut off or damaged"),
        (zipped(**{"readme/": ""}), "users.zip", "without a CSV file"),
        (zipped(**{"inner.zip": "x"}), "users.zip", "packed again"),
        (bytes(range(256)) * 4 + bytes(2_000), "users.csv", "no text file"),
        (b"\x85\x02\x0c\x03" + bytes(range(1, 200)), "users.csv.gpg", "PGP private key"),
        (b"\xc1\xc0\x4c\x03" + bytes(range(1, 200)), "users.csv.pgp", "PGP private key"),
        (b"-----BEGIN PGP MESSAGE-----\n\nhQIM", "users.csv.asc", "PGP private key"),
    ],
)
def test_what_is_no_csv_says_so_with_the_cure(data: bytes, name: str, says: str) -> None:
    with pytest.raises(BadContentError, match=says):
        texts(data, name=name)


@pytest.mark.parametrize("pack", [gzip.compress, lambda data: zipped(**{"a.csv": data.decode()})])
def test_a_bomb_is_stopped_at_the_limit(pack: Callable[[bytes], bytes]) -> None:
    bomb = pack(b"a" * (LIMIT * 3))
    assert len(bomb) < LIMIT / 100

    with pytest.raises(BadContentError, match="COTERIE_IMPORT_FILE_LIMIT_BYTES"):
        texts(bomb)


def test_names_in_a_zip_lead_nowhere() -> None:
    data = zipped(**{"../../etc/cron.d/x.csv": TEXT})

    assert texts(data, name="users.zip") == [("users.zip", TEXT)]


def test_a_wrong_delimiter_is_named_with_the_likely_one() -> None:
    with pytest.raises(BadHeaderError, match=r"holds ';' 2 times"):
        rows(b"id;city;zip\n1;Oslo;0150\n")
    with pytest.raises(BadHeaderError, match=r"holds 'tab' 1 times"):
        rows(b"id\tcity\n1\tOslo\n")


def test_quoted_delimiters_line_ends_and_quotes_are_part_of_a_cell() -> None:
    found = rows(b'id;note\r\n1;"a;b\r\nc ""d"""\r\n2;x\r\n', delimiter=";")

    assert [(row.line, row.values) for row in found if isinstance(row, Row)] == [
        (2, {"id": "1", "note": 'a;b\r\nc "d"'}),
        (4, {"id": "2", "note": "x"}),
    ]


def test_bad_rows_name_line_column_and_reason() -> None:
    data = b'id,city\n1,a\x00b\n2\n3,x,y\n4,\xff\xfe\n5,ok\n6,"never'

    found = rows(data)

    bad = [(row.line, row.column) for row in found if isinstance(row, BadRow)]
    assert bad == [(2, "city"), (3, "city"), (4, ""), (5, "city"), (7, "")]
    reasons = [row.reason for row in found if isinstance(row, BadRow)]
    for said, reason in zip(
        ("NUL", "nothing for 'city'", "too many", "not UTF-8", "inside of a quoted cell"),
        reasons,
        strict=True,
    ):
        assert said in reason
    assert [row.values["id"] for row in found if isinstance(row, Row)] == ["5"]


def test_the_last_row_of_a_file_that_was_cut_off_says_so() -> None:
    (_, last) = rows(b"id,city\n1,Oslo\n2")

    assert isinstance(last, BadRow)
    assert "may have been cut off" in last.reason


def test_a_line_without_end_costs_its_row_alone_and_little_memory() -> None:
    data = b"id,city\n1,Oslo\n2," + b"x" * 6_000_000 + b"\n3,Rome\n"

    found = rows(data)

    assert [type(row).__name__ for row in found] == ["Row", "BadRow", "Row"]
    assert len(found[1].raw) < CELL_LIMIT + 10


def test_a_quote_that_never_closes_ends_the_file_where_it_began() -> None:
    data = b'id,city\n1,Oslo\n2,"' + b"y,z\n" * (CELL_LIMIT // 3) + b"3,Rome\n"
    reading = rows_lazily(data)

    first = next(reading)
    assert isinstance(first, Row)
    assert first.values == {"id": "1", "city": "Oslo"}
    with pytest.raises(EndlessCellError, match="begins in line 3"):
        next(reading)


def rows_lazily(data: bytes) -> Iterator[Row | BadRow]:
    (part,) = open_parts(io.BytesIO(data), name="users.csv", encoding="", limit=LIMIT)
    return read_rows(part.text, CsvFormat(), name="users.csv")


def test_columns_are_renamed_and_headers_can_be_given() -> None:
    found = rows(b"kim@shop.example,Kim\n", header=("email", "name"))

    assert [row.values for row in found if isinstance(row, Row)] == [
        {"email": "kim@shop.example", "name": "Kim"}
    ]
    with pytest.raises(BadHeaderError, match="two columns would be taken as 'id'"):
        rows(b"id,ID\n1,2\n", names={"ID": "id"})


def test_errors_of_whole_files_have_their_cure() -> None:
    error = AllRowsBadError(name="a.csv", rows=1_000, reason="it has 1 cells for 2 columns")

    assert "Correct the file" in error.message
