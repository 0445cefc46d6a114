from pathlib import Path

import psycopg
import pytest

from coterie.store import load_queries
from coterie.store.queries import FOLDER, UnknownQueryError

TEXT = """
-- name: add_numbers^
-- Adds, casts, and quotes what looks like a parameter.
SELECT :left::int + :right::int AS total, ':quoted' AS text;

-- name: answer$
SELECT 42
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sums.sql").write_text(TEXT)
    return tmp_path


def test_a_query_runs_with_named_parameters(pg_url: str, folder: Path) -> None:
    queries = load_queries("sums", folder=folder)

    with psycopg.connect(pg_url) as connection:
        row = connection.execute(queries.text("add_numbers"), {"left": 1, "right": 2}).fetchone()

    assert row == (3, ":quoted")
    assert queries.names == ["add_numbers", "answer"]
    assert queries.answer == queries.text("answer")


def test_an_unknown_query_names_the_known_ones(folder: Path) -> None:
    with pytest.raises(UnknownQueryError, match=r"'subtract' .* Known are: add_numbers, answer"):
        load_queries("sums", folder=folder).text("subtract")


def test_a_missing_file_is_named(folder: Path) -> None:
    with pytest.raises(UnknownQueryError, match=r"nothing\.sql"):
        load_queries("nothing", folder=folder)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.sql")), ids=lambda path: path.stem)
def test_every_file_of_queries_can_be_read(path: Path) -> None:
    assert load_queries(path.stem).names
