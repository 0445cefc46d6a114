from datetime import UTC, datetime

from braze_sandbox.journal import Entry, Journal


def entry(journal: Journal, body: bytes) -> Entry:
    return Entry(
        number=journal.next_number(),
        at=datetime(2026, 1, 1, tzinfo=UTC),
        method="POST",
        path="/users/track",
        key_name="k",
        user_agent=None,
        status=201,
        milliseconds=1.0,
        fault=False,
        request=body,
        response=b"",
    )


def test_the_oldest_entries_go_above_the_number() -> None:
    journal = Journal(entries=2, body_bytes=1000)

    for _ in range(5):
        journal.add(entry(journal, b""))

    assert [kept.number for kept in journal.newest(limit=10)] == [5, 4]
    assert journal.counts() == [("/users/track", 201, 5)]


def test_the_oldest_entries_go_above_the_bytes() -> None:
    journal = Journal(entries=100, body_bytes=25)

    for _ in range(5):
        journal.add(entry(journal, b"x" * 10))

    assert [kept.number for kept in journal.newest(limit=10)] == [5, 4]
