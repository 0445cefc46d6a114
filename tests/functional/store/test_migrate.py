from pathlib import Path
from threading import Thread

import psycopg
import pytest

from coterie.store import migrate
from coterie.store.migrate import (
    BadMigrationFileError,
    ChangedMigrationError,
    FailedMigrationError,
    NewerDatabaseError,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "migrations"
    path.mkdir()
    (path / "0001_thing.sql").write_text("CREATE TABLE thing (n integer); SELECT '100 %';")
    (path / "0002_more.sql").write_text(
        "INSERT INTO thing VALUES (1);\nINSERT INTO thing VALUES (2);"
    )
    return path


def rows(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()


def test_an_empty_database_gets_every_migration_in_order(
    empty_database_url: str, folder: Path
) -> None:
    applied = migrate(empty_database_url, folder=folder)

    assert [one.label for one in applied] == ["0001_thing", "0002_more"]
    assert rows(empty_database_url, "SELECT n FROM thing ORDER BY n") == [(1,), (2,)]
    assert rows(empty_database_url, "SELECT number, name FROM schema_migration ORDER BY 1") == [
        (1, "thing"),
        (2, "more"),
    ]


def test_a_second_run_changes_nothing(empty_database_url: str, folder: Path) -> None:
    migrate(empty_database_url, folder=folder)

    again = migrate(empty_database_url, folder=folder)

    assert again == []
    assert rows(empty_database_url, "SELECT count(*) FROM thing") == [(2,)]


def test_a_later_release_adds_only_what_is_new(empty_database_url: str, folder: Path) -> None:
    migrate(empty_database_url, folder=folder)
    (folder / "0003_last.sql").write_text("INSERT INTO thing VALUES (3)")

    applied = migrate(empty_database_url, folder=folder)

    assert [one.label for one in applied] == ["0003_last"]


def test_a_failing_migration_leaves_the_ones_before_and_nothing_of_itself(
    empty_database_url: str, folder: Path
) -> None:
    (folder / "0003_bad.sql").write_text("INSERT INTO thing VALUES (3); SELECT nonsense;")

    with pytest.raises(FailedMigrationError, match=r"0003_bad.*nonsense"):
        migrate(empty_database_url, folder=folder)

    assert rows(empty_database_url, "SELECT count(*) FROM thing") == [(2,)]
    assert rows(empty_database_url, "SELECT max(number) FROM schema_migration") == [(2,)]


def test_an_edited_migration_is_refused(empty_database_url: str, folder: Path) -> None:
    migrate(empty_database_url, folder=folder)
    (folder / "0001_thing.sql").write_text("CREATE TABLE thing (n bigint)")

    with pytest.raises(ChangedMigrationError, match="0001_thing"):
        migrate(empty_database_url, folder=folder)


def test_a_database_of_a_newer_release_is_refused(empty_database_url: str, folder: Path) -> None:
    migrate(empty_database_url, folder=folder)
    (folder / "0002_more.sql").unlink()

    with pytest.raises(NewerDatabaseError, match="at migration 2, and this Coterie knows only 1"):
        migrate(empty_database_url, folder=folder)


@pytest.mark.parametrize("name", ["0004_gap.sql", "3_short.sql", "0003-dash.sql"])
def test_a_misnamed_file_is_refused(empty_database_url: str, folder: Path, name: str) -> None:
    (folder / name).write_text("SELECT 1")

    with pytest.raises(BadMigrationFileError):
        migrate(empty_database_url, folder=folder)


def test_two_processes_that_migrate_at_once_apply_each_step_once(
    empty_database_url: str, folder: Path
) -> None:
    applied: list[str] = []

    def run() -> None:
        applied.extend(one.label for one in migrate(empty_database_url, folder=folder))

    threads = [Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(applied) == ["0001_thing", "0002_more"]


def test_the_migrations_of_this_release_apply_from_empty_and_not_again(
    empty_database_url: str,
) -> None:
    applied = migrate(empty_database_url)

    again = migrate(empty_database_url)

    assert applied
    assert again == []
