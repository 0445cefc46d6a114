"""Somebody comes into a suppressing audience while events wait: none of theirs leaves any more."""

from datetime import timedelta
from typing import Any

import pytest
from tests.functional.exports.conftest import Shop
from tests.functional.exports.test_feeding_events import (
    EVENTS,
    ORDER,
    PURCHASES,
    export,
    follow,
    states,
    step,
)
from tests.functional.exports.test_withdrawing_consent import arrived, say

from coterie.control.jobs import job_logs, pause_job, resume_job

STAFF = {"event": "hired", "first_name": "Staff"}
BO = {"user_id": "bo"}
REASON = "suppressed by audience 'staff': events that waited were dropped"


@pytest.fixture
def office(shop: Shop) -> Shop:
    """A shop that leaves its staff out."""
    shop.audience("staff", 'FILTER first_name = "Staff"')
    shop.build()
    return shop


@pytest.mark.parametrize(
    ("options", "kind"), [(EVENTS, "events"), (PURCHASES, "purchases")], ids=["events", "purchases"]
)
def test_what_waits_for_who_is_suppressed_meanwhile_does_not_leave(
    office: Shop, options: dict[str, Any], kind: str
) -> None:
    export(office, **options, suppressed_by=["staff"])
    step(office, pause_job)
    say(office, ORDER, ORDER | BO, STAFF | {"user_id": "ada"})
    omitted = office.omissions()
    step(office, resume_job)
    follow(office)

    assert arrived(office, kind) == ["bo"]
    assert states(office) == [("ada", "dropped"), ("bo", "sent")]
    assert omitted == [REASON]


def test_who_leaves_the_suppressing_audience_is_sent_again_from_then_on(office: Shop) -> None:
    export(office, **EVENTS, suppressed_by=["staff"])
    step(office, pause_job)
    say(office, ORDER, STAFF | {"user_id": "ada"}, ORDER | {"first_name": "Ada"}, ORDER)
    step(office, resume_job)
    follow(office)

    assert [state for _, state in states(office)] == ["dropped", "sent", "sent"]
    assert office.omissions() == []


def test_a_merge_with_somebody_suppressed_drops_what_waits_for_the_other(office: Shop) -> None:
    export(office, **EVENTS, suppressed_by=["staff"])
    step(office, pause_job)
    mail = {"email": "ada@example.com"}
    say(office, ORDER, STAFF | mail, {"event": "login", "user_id": "ada"} | mail)
    step(office, resume_job)
    follow(office)

    assert states(office) == [("ada", "dropped")]
    assert office.braze.users() == []


def test_who_is_suppressed_by_the_clock_is_not_sent_either(shop: Shop) -> None:
    shop.audience("silent", 'FILTER last_seen < "now-1d"')
    shop.build()
    export(shop, **EVENTS, suppressed_by=["silent"])
    step(shop, pause_job)
    say(shop, ORDER, ORDER | BO)
    shop.now += timedelta(hours=23)
    say(shop, {"event": "login"} | BO)
    shop.now += timedelta(hours=2)
    shop.work()
    step(shop, resume_job)
    follow(shop)

    assert arrived(shop) == ["bo"]


def test_a_job_that_leaves_an_audience_out_since_a_change_drops_what_waits_for_it(
    office: Shop,
) -> None:
    export(office, **EVENTS)
    step(office, pause_job)
    say(office, ORDER | {"first_name": "Staff"}, ORDER | BO)
    office.change(suppressed_by=["staff"])
    step(office, resume_job)
    office.deliver(jobs=office.run_jobs)

    assert arrived(office) == ["bo"]
    assert office.omissions() == [REASON]
    said = {
        line.code: line.message
        for line in job_logs(office.store, office.account.number, office.job.id)
    }
    assert said["rechecked"] == "What waited for people who are left out now was dropped: 1 event."


def test_a_job_that_leaves_nobody_out_sends_what_another_drops(office: Shop) -> None:
    export(office, **EVENTS)
    step(office, pause_job)
    free = office.job
    export(office, **EVENTS, event_name="Left out", suppressed_by=["staff"])
    step(office, pause_job)
    say(office, ORDER, STAFF | {"user_id": "ada"})
    step(office, resume_job)
    office.job = free
    step(office, resume_job)
    follow(office)

    assert sorted(state for _, state in states(office)) == ["dropped", "sent"]
