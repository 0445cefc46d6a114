"""The worker's side of the log."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest

from coterie.flow.eventlog.bulk import UnknownLaneError, append_events
from coterie.flow.eventlog.outcomes import record_outcomes
from coterie.flow.eventlog.read import (
    advance,
    lanes_with_work,
    read_after,
    take_lane,
)
from coterie.flow.eventlog.seen import SeenMessages, turn_seen_period
from coterie.model.events import EventOutcome, IncomingEvent, LaneCursor, LoggedEvent
from coterie.store import Connection

Make = Callable[..., IncomingEvent]
NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
START = LaneCursor(0, 0, date(2000, 1, 1))


def append(conn: Connection, events: list[IncomingEvent], lane: int = 0) -> None:
    with conn.transaction():
        append_events(conn, lane, events)


def test_events_come_back_as_they_went_in(conn: Connection) -> None:
    event = IncomingEvent(
        account=7,
        stream="web",
        received_at=NOW,
        occurred_at=NOW - timedelta(days=9000, microseconds=1),
        message_hash=b"m",
        body='{"a":"ü"}',
    )
    append(conn, [event])

    assert read_after(conn, START, limit=10) == [
        LoggedEvent(
            lane=0,
            seq=1,
            account=7,
            stream="web",
            received_at=NOW,
            occurred_at=event.occurred_at,
            message_hash=b"m",
            body='{"a":"ü"}',
        )
    ]


def test_a_lane_is_read_in_pieces_from_where_the_cursor_stands(
    conn: Connection, incoming: Make
) -> None:
    append(conn, [incoming(f'{{"n":{n}}}') for n in range(5)])

    first = read_after(conn, START, limit=3)
    advance(conn, 0, seq=first[-1].seq, day=NOW.date(), at=NOW)
    cursor = take_lane(conn, 0)
    assert cursor is not None
    rest = read_after(conn, cursor, limit=3)

    assert cursor == LaneCursor(0, 3, NOW.date())
    assert [event.seq for event in first + rest] == [1, 2, 3, 4, 5]


def test_an_event_of_yesterday_behind_one_of_today_is_not_passed_over(
    conn: Connection, incoming: Make
) -> None:
    midnight = datetime(2026, 3, 15, tzinfo=UTC)
    late = midnight - timedelta(microseconds=1)
    for at in (midnight, late, midnight, late):
        append(conn, [incoming(at=at)])

    seen = []
    cursor = LaneCursor(0, 0, midnight.date())
    while events := read_after(conn, cursor, limit=2):
        seen += [event.seq for event in events]
        cursor = LaneCursor(0, events[-1].seq, midnight.date())

    assert seen == [1, 2, 3, 4]


def test_days_dropped_unread_are_passed_over(conn: Connection, incoming: Make) -> None:
    append(conn, [incoming(), incoming(), incoming(at=NOW + timedelta(days=1))])
    conn.execute("DROP TABLE event_log_20260314")

    assert [event.seq for event in read_after(conn, START, limit=1)] == [3]


def test_a_lane_that_another_worker_holds_is_not_given_out(
    conn: Connection, database_url: str
) -> None:
    with psycopg.connect(database_url) as other:
        assert take_lane(other, 0) == START

        assert take_lane(conn, 0) is None
        assert take_lane(conn, 1) is not None

    assert take_lane(conn, 0) is not None


def test_the_lane_that_waited_longest_comes_first(conn: Connection, incoming: Make) -> None:
    append(conn, [incoming(), incoming()], lane=0)
    append(conn, [incoming()], lane=1)
    assert lanes_with_work(conn) == [0, 1]

    advance(conn, 0, seq=1, day=NOW.date(), at=NOW)

    assert lanes_with_work(conn) == [1, 0]
    advance(conn, 1, seq=1, day=NOW.date(), at=NOW)
    assert lanes_with_work(conn) == [0]


def test_events_of_a_rolled_back_import_leave_no_trace_and_no_gap(
    conn: Connection, incoming: Make
) -> None:
    with conn.transaction() as import_:
        append_events(conn, 0, [incoming()])
        raise psycopg.Rollback(import_)

    append(conn, [incoming()])

    assert [event.seq for event in read_after(conn, START, limit=9)] == [1]


def test_a_lane_that_was_never_made_is_named(conn: Connection, incoming: Make) -> None:
    with pytest.raises(UnknownLaneError, match="no lane 99"):
        append(conn, [incoming()], lane=99)


def test_an_import_makes_the_day_it_needs(conn: Connection, incoming: Make) -> None:
    later = NOW + timedelta(days=60)

    append(conn, [incoming(at=later)])

    assert [event.received_at for event in read_after(conn, START, limit=9)] == [later]


def test_a_message_sent_again_is_a_duplicate(conn: Connection, incoming: Make) -> None:
    append(conn, [incoming(message=b"a"), incoming(), incoming(), incoming(message=b"a")])
    events = read_after(conn, START, limit=9)

    within = SeenMessages().mark(conn, events)
    append(conn, [incoming(message=b"b"), incoming(message=b"a")], lane=1)
    later = read_after(conn, LaneCursor(1, 0, NOW.date()), limit=9)
    across = SeenMessages().mark(conn, later)

    assert within == {(0, 4)}
    assert across == {(1, 2)}


def test_another_account_may_use_the_same_message_id(conn: Connection) -> None:
    events = [
        LoggedEvent(
            lane=0, seq=n, account=n, stream="s", received_at=NOW, body="{}", message_hash=b"a"
        )
        for n in (1, 2)
    ]

    assert SeenMessages().mark(conn, events) == set()


def test_messages_that_come_again_and_again_are_told_from_new_ones(
    conn: Connection, incoming: Make
) -> None:
    # The first repetition makes the worker ask about each message, for a while.
    seen = SeenMessages()
    append(conn, [incoming(message=bytes([n // 2])) for n in range(2 * 30)])
    events = read_after(conn, START, limit=99)

    found = [place for event in events for place in seen.mark(conn, [event])]

    assert found == [(0, n) for n in range(2, 61, 2)]


def test_messages_are_known_for_the_days_asked_for_and_forgotten_after_twice_that(
    conn: Connection, incoming: Make
) -> None:
    append(conn, [incoming(message=bytes([n])) for n in range(3)])
    events = read_after(conn, START, limit=9)
    seen, opened = SeenMessages(), newest_period(conn)
    seen.mark(conn, events)

    def turned(days: int) -> bool:
        with conn.transaction():
            return turn_seen_period(conn, today=opened + timedelta(days=days), days=7)

    assert not turned(6)
    assert turned(7)
    assert not turned(7)
    assert seen.mark(conn, events) == {(0, 1), (0, 2), (0, 3)}
    assert not turned(13)
    assert turned(14)
    assert seen.mark(conn, events) == set()
    kept = conn.execute("SELECT opened_on FROM seen_period ORDER BY 1").fetchall()
    assert [(day - opened).days for (day,) in kept] == [7, 14]


def newest_period(conn: Connection) -> date:
    row = conn.execute("SELECT max(opened_on) FROM seen_period").fetchone()
    assert row is not None
    return date.fromisoformat(str(row[0]))


def test_the_last_verdict_on_an_event_holds(conn: Connection) -> None:
    def verdict(reason: str) -> EventOutcome:
        return EventOutcome(lane=0, seq=1, account=7, stream="web", kind="poison", reason=reason)

    record_outcomes(conn, [verdict("first"), verdict("second")], decided_at=NOW)
    record_outcomes(conn, [verdict("third")], decided_at=NOW)
    record_outcomes(conn, [], decided_at=NOW)

    assert conn.execute("SELECT lane, seq, kind, reason FROM event_outcome").fetchall() == [
        (0, 1, "poison", "third")
    ]
