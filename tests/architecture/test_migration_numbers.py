"""The files of migrations count up from 0001, so that every database takes the same steps."""

from coterie.store.migrate import FILE_NAME, FOLDER


def test_migrations_count_up_without_a_gap_or_a_double() -> None:
    found = [FILE_NAME.fullmatch(path.name) for path in sorted(FOLDER.glob("*.sql"))]

    assert [match and int(match[1]) for match in found] == [*range(1, len(found) + 1)]
