"""Files of others, and Braze's columns, where they lie beside the checkout."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from coterie.flow.imports.content import open_parts
from coterie.flow.imports.look import BRAZE_COLUMNS, guess_delimiter, propose, read_header
from coterie.flow.imports.rows import Row, read_rows
from coterie.model.imports import CsvFormat

VECTORS = Path(__file__).parents[4] / "shared" / "vectors"
UNOMI = VECTORS / "peers" / "unomi" / "import_csv"
BRAZE = VECTORS / "braze" / "csv_export_columns.json"


def cases() -> list[dict[str, Any]]:
    if not UNOMI.exists():
        return []
    found: list[dict[str, Any]] = json.loads((UNOMI / "import_cases.json").read_text())["cases"]
    return found


@pytest.mark.skipif(not UNOMI.exists(), reason="the vectors are not beside this checkout")
def test_files_of_another_platform_are_read_whole() -> None:
    for case in cases():
        data = (UNOMI / case["file"]).read_bytes()
        lines = [line for line in data.decode().splitlines() if line.strip()]
        head = lines[0]
        width = len(next(iter(read_header_rows(head, case["separator"]))))
        header = () if case["has_header"] else tuple(f"c{n}" for n in range(width))
        form = CsvFormat(delimiter=case["separator"], header=header)
        (part,) = open_parts(io.BytesIO(data), name=case["file"], encoding="", limit=10**7)

        rows = list(read_rows(part.text, form, name=case["file"]))

        assert guess_delimiter(data.decode()) == case["separator"], case["file"]
        assert all(isinstance(row, Row) for row in rows), case["file"]
        assert len(rows) == len(lines) - bool(case["has_header"]), case["file"]


def read_header_rows(line: str, delimiter: str) -> list[list[str]]:
    return [read_header(line, delimiter)]


@pytest.mark.skipif(not UNOMI.exists(), reason="the vectors are not beside this checkout")
def test_quoted_separators_of_another_platform_stay_in_their_cells() -> None:
    text = (UNOMI / "6-actors-test.csv").read_text()
    rows = [
        row.values
        for row in read_rows(io.StringIO(text), CsvFormat(delimiter=";"), name="actors")
        if isinstance(row, Row)
    ]

    by_email = {row["email"]: row for row in rows}

    assert by_email["jean@darc.com"]["Last name"] == "Jeanne; D'arc"
    assert by_email["the.rock@gmail.com"]["Movie genres"] == "[Adventure;Action;Romance;Comedy]"


@pytest.mark.skipif(not BRAZE.exists(), reason="the vectors are not beside this checkout")
def test_brazes_exports_are_known_by_their_columns_and_its_guards_are_undone() -> None:
    known = json.loads(BRAZE.read_text())

    for columns in (known["user_data"], known["email_addresses"]):
        assert propose(columns, stream="default").is_braze
    assert set(known["user_data"]) | set(known["email_addresses"]) >= BRAZE_COLUMNS
    assert not propose(["user_id", "email", "city"], stream="default").is_braze
    for before, guarded in known["guard"]["examples"].items():
        stream = io.StringIO(f"x\n{guarded}\n")
        (row,) = read_rows(stream, CsvFormat(is_braze=True), name="braze")
        assert isinstance(row, Row)
        assert row.values["x"] == before


def test_a_header_of_ours_is_known_as_brazes_without_the_vectors() -> None:
    header = ["Appboy ID", "email", "IDFAs", "random_bucket", "my_attribute"]

    assert propose(header, stream="default").stream == "braze_csv"
    assert propose(["id", "created_at"], stream="web").timestamps == ("created_at",)
