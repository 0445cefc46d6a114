"""What was kept for long enough goes: days of the log, changes, what was refused."""

from datetime import date, timedelta

import pytest
from tests.functional.worker.conftest import Crew

from coterie.flow.eventlog.forget import days_of_log
from coterie.flow.run.retention import Retention, forget
from coterie.store import StoreConflictError

FOR_EVER = Retention(log_days=0, change_days=0, rejected_days=0)


def days(crew: Crew) -> list[date]:
    """The days of the log that hold events."""
    rows = crew.ask("SELECT DISTINCT received_day FROM event_log ORDER BY 1")
    return [day for (day,) in rows]


def live_through(crew: Crew, count: int) -> list[date]:
    """Send and process one event a day; return the days."""
    for number in range(count):
        crew.send({"user_id": f"u{number}", "city": "Oslo"})
        crew.work_hard()
        crew.now += timedelta(days=1)
    return days(crew)


def test_days_that_were_kept_for_long_enough_leave_the_log_and_the_timeline(crew: Crew) -> None:
    lived = live_through(crew, 4)
    retention = Retention(log_days=2, change_days=0, rejected_days=0)

    dropped = forget(crew.store, retention, now=crew.now)

    assert dropped[-2:] == lived[:2]
    assert days(crew) == lived[2:]
    mentioned = crew.ask("SELECT DISTINCT received_day FROM g1.timeline ORDER BY 1")
    assert [day for (day,) in mentioned] == lived[2:]
    assert forget(crew.store, retention, now=crew.now) == []
    assert crew.profile("user_id", "u0")["city"] == "Oslo"


def test_nothing_is_forgotten_unless_it_is_asked_for(crew: Crew) -> None:
    lived = live_through(crew, 2)

    assert forget(crew.store, FOR_EVER, now=crew.now + timedelta(days=9_999)) == []

    assert days(crew) == lived


def test_a_day_that_a_lane_has_yet_to_read_stays_with_all_younger_ones(crew: Crew) -> None:
    crew.send({"user_id": "late"}, lane=1)
    unread = crew.now.date()
    crew.now += timedelta(days=1)
    crew.send({"user_id": "u1"})
    worker = crew.hire()
    worker.process(0)
    retention = Retention(log_days=1, change_days=0, rejected_days=0)

    assert unread not in forget(crew.store, retention, now=crew.now + timedelta(days=30))
    assert days(crew) == [unread, unread + timedelta(days=1)]

    crew.work_with(worker)
    assert unread in forget(crew.store, retention, now=crew.now + timedelta(days=30))
    assert days(crew) == []


def test_lanes_go_on_after_days_before_their_cursor_are_gone(crew: Crew) -> None:
    live_through(crew, 3)
    retention = Retention(log_days=1, change_days=0, rejected_days=0)
    forget(crew.store, retention, now=crew.now + timedelta(days=30))

    crew.send({"user_id": "u0", "city": "Rome"})
    crew.work_hard()

    assert crew.profile("user_id", "u0")["city"] == "Rome"


def test_what_was_set_aside_outlives_its_day(crew: Crew) -> None:
    crew.send({"colour": "red"})
    crew.work_hard()
    assert crew.outcomes()[1][0] == "rejected"
    retention = Retention(log_days=1, change_days=0, rejected_days=90)

    forget(crew.store, retention, now=crew.now + timedelta(days=30))

    assert crew.outcomes() == {}
    kept = crew.ask("SELECT source, position, body FROM rejected_event")
    assert [(source, position) for source, position, _ in kept] == [("log", "lane 0, event 1")]
    assert b'"red"' in kept[0][2]

    forget(crew.store, retention, now=crew.now + timedelta(days=91))
    assert crew.ask("SELECT count(*) FROM rejected_event") == [(0,)]


def test_changes_are_forgotten_by_age_and_readers_can_tell(crew: Crew) -> None:
    crew.audience("in_oslo", 'FILTER city = "Oslo"')
    live_through(crew, 4)
    before = crew.ask("SELECT lane, seq FROM change WHERE kind = 'enter' ORDER BY 1, 2")
    retention = Retention(log_days=0, change_days=2, rejected_days=0)

    forget(crew.store, retention, now=crew.now)

    left = crew.ask("SELECT lane, seq FROM change WHERE kind = 'enter' ORDER BY 1, 2")
    assert left == before[-2:]
    assert crew.ask("SELECT lane, seq FROM change_floor") == [before[-3]]
    forget(crew.store, retention, now=crew.now)
    assert crew.ask("SELECT lane, seq FROM change_floor") == [before[-3]]


def test_who_reads_the_log_is_not_kept_waiting_for_a_day_to_go(crew: Crew) -> None:
    live_through(crew, 2)
    retention = Retention(log_days=1, change_days=0, rejected_days=0)
    later = crew.now + timedelta(days=30)

    with crew.store.connect() as reader:
        reader.execute("SELECT count(*) FROM event_log")
        with pytest.raises(StoreConflictError):
            forget(crew.store, retention, now=later)
        reader.rollback()

    assert days(crew)
    assert forget(crew.store, retention, now=later)
    with crew.store.transaction() as conn:
        assert not [each for each in days_of_log(conn) if each.day < crew.now.date()]
