"""What a job's page says of what waits, is held back, refused or omitted."""

from datetime import datetime, timedelta

import pytest
from tests.functional.exports.conftest import Shop
from tests.functional.exports.test_feeding_events import EVENTS, ORDER, export, step

from coterie.control.jobs import pause_job, resume_job
from coterie.flow.exports.parked import ALL
from coterie.flow.run.deliveries import Deliveries, replay
from coterie.model.exports import QuietWindow
from coterie.model.views import JobFigures

WINDOW = {"zone": "Europe/Oslo", "start": "22:00", "end": "15:30"}
"""Holds the instant at which a shop opens, 13:00 in Oslo, and ends at 14:30 UTC."""


def figures(shop: Shop) -> JobFigures:
    return shop.lookup.job_figures(shop.account.number, shop.job.id, shop.now)


@pytest.fixture
def oslo(shop: Shop) -> Shop:
    """Two people in Oslo, one of whom has bought."""
    shop.audience("oslo", 'FILTER city = "Oslo"')
    shop.audience("buyers", "FILTER EXISTS last_order")
    shop.build()
    shop.send(
        {"user_id": "u1", "city": "Oslo", "order_amount": 5}, {"user_id": "u2", "city": "Oslo"}
    )
    shop.work()
    return shop


def test_what_waits_for_the_end_of_quiet_hours_is_counted_with_the_end(oslo: Shop) -> None:
    oslo.create("oslo", quiet=WINDOW)
    oslo.run_jobs()
    oslo.deliver()
    quiet = figures(oslo)
    oslo.now += timedelta(hours=3)
    oslo.deliver(until=lambda: oslo.at_braze("u2"))
    over = figures(oslo)

    assert (quiet.pending, quiet.held) == (2, 2)
    assert quiet.held_until is not None
    assert quiet.held_until.isoformat() == "2026-03-01T15:30:00+01:00"
    assert (over.pending, over.held, over.held_until) == (0, 0, None)
    assert (quiet.added, over.added) == (0, 2)


def test_what_a_paused_job_holds_back_counts_as_waiting(oslo: Shop) -> None:
    oslo.create("oslo")
    oslo.run_jobs()
    oslo.deliver()
    step(oslo, pause_job)
    oslo.send({"user_id": "u3", "city": "Oslo"})
    oslo.work()
    oslo.deliver()
    paused = figures(oslo)
    assert oslo.job.destination_id is not None
    delivery = Deliveries(oslo.store).find(
        oslo.account.number, oslo.job.destination_id, now=oslo.now
    )
    step(oslo, resume_job)
    oslo.deliver(until=lambda: oslo.at_braze("u3"))

    assert (paused.pending, paused.held, paused.held_until) == (1, 1, None)
    assert delivery is not None
    assert (delivery.waiting, delivery.held) == (0, 1)
    assert figures(oslo).pending == 0


def test_what_a_job_gave_up_is_not_held_back_by_its_quiet_hours(oslo: Shop) -> None:
    oslo.create("oslo", "buyers")
    oslo.run_jobs()
    oslo.deliver()
    oslo.change(audiences=["oslo"], quiet=WINDOW)
    oslo.run_jobs()
    oslo.deliver()

    assert (figures(oslo).pending, figures(oslo).held) == (0, 0)


def test_events_of_a_paused_job_count_as_waiting(shop: Shop) -> None:
    export(shop, **EVENTS)
    step(shop, pause_job)
    shop.send(ORDER, ORDER)
    shop.work()

    assert (figures(shop).pending, figures(shop).held) == (2, 2)


def test_who_is_sent_again_is_no_longer_counted_as_refused_but_in_all(oslo: Shop) -> None:
    oslo.braze.call("POST", "/faults", {"path": "/users/track", "reject_every": 1})
    oslo.create("oslo")
    oslo.run_jobs()
    oslo.deliver()
    refused = figures(oslo)
    assert oslo.job.destination_id is not None
    with oslo.store.transaction() as conn:
        replay(conn, oslo.account.number, oslo.job.destination_id, ALL)
    oslo.deliver()

    assert (refused.parked, refused.refused) == (2, 2)
    assert (figures(oslo).parked, figures(oslo).refused) == (0, 2)


def test_who_stays_omitted_when_a_job_changes_is_omitted_since_before(oslo: Shop) -> None:
    oslo.create("oslo", identifier_field="email")
    oslo.run_jobs()
    began = oslo.now
    oslo.send({"email": "eve@example.com", "user_id": "u2"})
    oslo.work()
    oslo.now += timedelta(hours=1)
    oslo.change(audiences=["oslo", "buyers"])
    oslo.run_jobs()

    [omitted] = oslo.lookup.omitted_users(oslo.account.number, oslo.job.id, 10)
    assert omitted.since == began


def test_who_is_not_omitted_any_more_after_a_change_is_not_listed(oslo: Shop) -> None:
    oslo.create("oslo", identifier_field="email")
    oslo.run_jobs()
    oslo.change(identifier_field="user_id")
    oslo.run_jobs()

    assert oslo.lookup.omitted_users(oslo.account.number, oslo.job.id, 10) == ()


@pytest.mark.parametrize(
    ("now", "end"),
    [
        ("2026-03-28T23:30+01:00", "2026-03-29T07:00+02:00"),
        ("2026-03-29T06:59+02:00", "2026-03-29T07:00+02:00"),
        ("2026-03-29T07:00+02:00", "2026-03-30T07:00+02:00"),
        ("2026-10-24T23:00+02:00", "2026-10-25T07:00+01:00"),
    ],
)
def test_a_quiet_window_ends_by_the_clock_of_its_zone(now: str, end: str) -> None:
    window = QuietWindow(zone="Europe/Oslo", start="22:00", end="07:00")

    assert window.end_after(datetime.fromisoformat(now)) == datetime.fromisoformat(end)
