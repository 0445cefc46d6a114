from datetime import UTC, datetime, timedelta

import pytest

from coterie.connectors.files import SourceFile
from coterie.control.jobs.schedule import next_look, overdue_since
from coterie.flow.imports.changed import ChangedRows
from coterie.flow.imports.naming import choose_files, is_settled, look_of
from coterie.model.control import FileFrequency, ImportCsvConfig

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
SETTLE = timedelta(seconds=10)


def listed(*names: str, at: datetime | None = NOW) -> list[SourceFile]:
    return [SourceFile(name=name, size=1, modified_at=at) for name in names]


def chosen(files: list[SourceFile], **config: str) -> list[str]:
    return [file.name for file in choose_files(files, ImportCsvConfig(stream="s", **config))]  # type: ignore[arg-type]


def test_a_pattern_fits_a_name_up_to_its_time_stamp() -> None:
    files = listed(
        "users_2026-11-02.csv",
        "users_20261101T0230.csv.gpg",
        "users-eu_2026.csv",
        "old_users_2026.csv",
    )

    assert chosen(files, pattern="users") == ["users_20261101T0230.csv.gpg", "users_2026-11-02.csv"]
    assert chosen(files, pattern="users(-eu)?") == [
        "users-eu_2026.csv",
        "users_20261101T0230.csv.gpg",
        "users_2026-11-02.csv",
    ]
    assert chosen(files, prefix="users-") == ["users-eu_2026.csv"]


def test_files_come_by_time_of_change_then_by_the_date_in_their_names() -> None:
    older = listed("users_2026-12-31.csv", at=NOW - timedelta(days=1))
    same = listed("users_2026-11-03.csv", "users_20261101.csv", "users_2026.11.02.csv")

    assert chosen([*same, *older], prefix="users") == [
        "users_2026-12-31.csv",
        "users_20261101.csv",
        "users_2026.11.02.csv",
        "users_2026-11-03.csv",
    ]


def test_what_is_not_whole_yet_is_left_out() -> None:
    files = listed("users.csv.part", "users.filepart", ".users.csv", "users.csv~", "users.csv")

    assert chosen(files, prefix="users") == ["users.csv"]


def test_a_file_is_settled_once_it_has_not_changed_for_a_while() -> None:
    (old,) = listed("a.csv", at=NOW - timedelta(seconds=10))
    (young,) = listed("a.csv", at=NOW - timedelta(seconds=9))
    (ahead,) = listed("a.csv", at=NOW + timedelta(hours=5))
    (unknown,) = listed("a.csv", at=None)
    long_ago = (NOW - timedelta(seconds=10)).isoformat()

    assert is_settled(old, {}, now=NOW, settle=SETTLE)
    for file in (young, ahead, unknown):
        assert not is_settled(file, {}, now=NOW, settle=SETTLE)
        seen = {"a.csv": [*look_of(file), long_ago]}
        assert is_settled(file, seen, now=NOW, settle=SETTLE)
        seen["a.csv"][0] = 99
        assert not is_settled(file, seen, now=NOW, settle=SETTLE)


@pytest.mark.parametrize(
    ("now", "zone", "expected"),
    [
        ("2026-11-26T01:00", "Europe/Oslo", "2026-11-26T01:30"),
        ("2026-11-26T01:30", "Europe/Oslo", "2026-11-27T01:30"),
        ("2026-11-26T01:00", "", "2026-11-26T02:30"),
        # The clocks go forward at two: half past two is half past three.
        ("2026-03-28T12:00", "Europe/Oslo", "2026-03-29T01:30"),
    ],
)
def test_files_are_looked_for_at_a_time_of_day(now: str, zone: str, expected: str) -> None:
    config = ImportCsvConfig(
        stream="s", prefix="a", continuous_update=True, time_of_day="02:30", timezone=zone
    )

    again = next_look(config, now=datetime.fromisoformat(now).replace(tzinfo=UTC))

    assert again == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("frequency", "hours", "is_late"),
    [("daily", 29, False), ("daily", 31, True), ("hourly", 2, True), ("", 9_999, False)],
)
def test_a_file_that_does_not_come_is_overdue(
    frequency: FileFrequency, hours: int, is_late: bool
) -> None:
    config = ImportCsvConfig(
        stream="s", prefix="a", continuous_update=True, file_frequency=frequency
    )
    since = NOW - timedelta(hours=hours)

    assert (
        overdue_since(config, latest=since.isoformat(), started_at=None, now=NOW) is not None
    ) is is_late
    assert (overdue_since(config, latest=None, started_at=since, now=NOW) is not None) is is_late


def test_rows_of_the_file_before_are_known_again() -> None:
    first = ChangedRows(b"")
    assert [first.note(row) for row in (b"a", b"b", b"c")] == [False] * 3

    second = ChangedRows(first.hashes())

    assert [second.note(row) for row in (b"c", b"d", b"a")] == [True, False, True]
    assert len(second.hashes()) == 24
