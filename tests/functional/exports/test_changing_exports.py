"""Changing an export while it goes on, and what becomes of what it wrote."""

from datetime import timedelta
from typing import Any

import pytest
from tests.functional.exports.conftest import Shop
from tests.functional.flow.conftest import ACTOR

from coterie.control.jobs import BadJobError, job_logs, kill_job, pause_job, resume_job


@pytest.fixture
def open_shop(shop: Shop) -> Shop:
    """Three people in Oslo, two of whom have bought, all told to Braze."""
    shop.audience("oslo", 'FILTER city = "Oslo"')
    shop.audience("buyers", "FILTER EXISTS last_order")
    shop.build()
    shop.send(
        {"user_id": "u1", "city": "Oslo", "order_amount": 5},
        {"user_id": "u2", "city": "Oslo", "order_amount": 7},
        {"user_id": "u3", "city": "Oslo"},
    )
    shop.work()
    shop.now += timedelta(hours=1)
    return shop


def start(shop: Shop, *slugs: str, **options: Any) -> None:
    shop.create(*slugs, **options)
    shop.run_jobs()
    shop.deliver()


def follow(shop: Shop) -> None:
    shop.run_jobs()
    shop.deliver()


def test_an_audience_that_is_added_reaches_its_members(open_shop: Shop) -> None:
    start(open_shop, "oslo")

    open_shop.change(audiences=["oslo", "buyers"])
    follow(open_shop)

    assert open_shop.at_braze("u1") == ["oslo", "buyers"]
    assert open_shop.at_braze("u3") == ["oslo"]
    assert open_shop.state().state == "running"


def test_a_removed_audience_is_cleaned_up_when_asked(open_shop: Shop) -> None:
    start(open_shop, "oslo", "buyers")

    open_shop.change(audiences=["oslo"], clean_up=True)
    follow(open_shop)

    assert open_shop.at_braze("u1") == ["oslo"]
    assert open_shop.at_braze("u3") == ["oslo"]


def test_a_removed_audience_stays_at_braze_unless_cleaned_up(open_shop: Shop) -> None:
    start(open_shop, "oslo", "buyers")
    requests = open_shop.braze.count_requests("/users/track")

    open_shop.change(audiences=["oslo"])
    follow(open_shop)

    assert open_shop.at_braze("u1") == ["buyers", "oslo"]
    assert open_shop.braze.count_requests("/users/track") == requests


def test_an_audience_that_comes_back_sends_only_what_changed_meanwhile(open_shop: Shop) -> None:
    start(open_shop, "oslo", "buyers")
    open_shop.change(audiences=["oslo"])
    follow(open_shop)
    open_shop.send({"user_id": "u3", "order_amount": 9})
    open_shop.work()
    requests = open_shop.braze.count_requests("/users/track")

    open_shop.change(audiences=["oslo", "buyers"])
    follow(open_shop)

    assert open_shop.at_braze("u3") == ["oslo", "buyers"]
    assert open_shop.braze.count_requests("/users/track") == requests + 1


def test_another_prefix_replaces_the_old_values_with_clean_up(open_shop: Shop) -> None:
    start(open_shop, "oslo")

    open_shop.change(value_prefix="lytics_", clean_up=True)
    follow(open_shop)

    assert open_shop.at_braze("u1") == ["lytics_oslo"]


def test_a_job_deleted_with_clean_up_leaves_no_trace_of_its_own(open_shop: Shop) -> None:
    start(open_shop, "oslo")
    start(open_shop, "oslo", "buyers")

    open_shop.delete(clean_up=True)
    before = open_shop.state().state

    def tick() -> None:
        open_shop.now += timedelta(seconds=2)
        open_shop.run_jobs()

    open_shop.deliver(jobs=tick)
    tick()

    assert before == "runnable"
    assert open_shop.state().state == "deleted"
    ended = job_logs(open_shop.store, open_shop.account.number, open_shop.job.id)[0]
    assert (ended.code, ended.message) == ("deleted", "The clean-up is done.")
    # The other job still wants what both wanted.
    assert open_shop.at_braze("u1") == ["oslo"]
    assert open_shop.at_braze("u3") == ["oslo"]


def test_a_job_deleted_without_clean_up_leaves_all_as_it_is(open_shop: Shop) -> None:
    start(open_shop, "oslo")

    open_shop.delete()
    open_shop.run_jobs()
    open_shop.deliver()

    assert open_shop.state().state == "deleted"
    assert open_shop.at_braze("u1") == ["oslo"]


def test_a_clean_up_can_be_cut_short(open_shop: Shop) -> None:
    start(open_shop, "oslo")
    open_shop.delete(clean_up=True)

    kill_job(
        open_shop.store,
        account=open_shop.account.number,
        job_id=open_shop.job.id,
        actor=ACTOR,
        clock=lambda: open_shop.now,
    )
    open_shop.run_jobs()
    open_shop.deliver()

    assert open_shop.state().state == "killed"
    assert open_shop.at_braze("u1") == ["oslo"]


@pytest.mark.parametrize(("clean_up", "left"), [(False, ["oslo"]), (True, [])])
def test_a_job_expires_by_itself(open_shop: Shop, clean_up: bool, left: list[str]) -> None:
    end = open_shop.now + timedelta(days=1)
    start(open_shop, "oslo", expires_at=end, clean_up_at_expiry=clean_up)
    running = open_shop.state().state
    open_shop.now = end

    def tick() -> None:
        open_shop.now += timedelta(seconds=2)
        open_shop.run_jobs()

    tick()
    open_shop.deliver(jobs=tick)
    tick()

    assert (running, open_shop.state().state) == ("running", "completed")
    assert (open_shop.at_braze("u1") or []) == left


def test_a_paused_job_takes_its_changes_up_when_resumed(open_shop: Shop) -> None:
    start(open_shop, "oslo")
    steer: dict[str, Any] = {
        "account": open_shop.account.number,
        "job_id": open_shop.job.id,
        "actor": ACTOR,
        "clock": lambda: open_shop.now,
    }
    pause_job(open_shop.store, **steer)
    open_shop.change(audiences=["oslo", "buyers"])
    follow(open_shop)
    paused = open_shop.at_braze("u1")

    resume_job(open_shop.store, **steer)
    follow(open_shop)

    assert paused == ["oslo"]
    assert open_shop.at_braze("u1") == ["oslo", "buyers"]


def test_another_identifier_moves_what_was_written(open_shop: Shop) -> None:
    open_shop.send({"user_id": "u1", "email": "ada@example.com"})
    open_shop.work()
    start(open_shop, "oslo")

    open_shop.change(identifier_order=["email"], email_field="email")
    follow(open_shop)

    assert (open_shop.at_braze("u1") or []) == []
    users = {user["fields"].get("email"): user for user in open_shop.braze.users()}
    assert users["ada@example.com"]["custom_attributes"]["lytics_segments"] == ["oslo"]
    assert open_shop.at_braze("u2") == ["oslo"]


def test_consent_that_is_asked_for_later_takes_back_who_has_none(open_shop: Shop) -> None:
    start(open_shop, "oslo")

    open_shop.change(consent={"field": "order_count", "values": ["1"]})
    follow(open_shop)

    assert (open_shop.at_braze("u3") or []) == []
    assert "no consent in field 'order_count'" in open_shop.omissions()


def test_audiences_as_booleans_of_their_own(open_shop: Shop) -> None:
    start(open_shop, "oslo", "buyers", form="booleans", value_prefix="in_")
    open_shop.send({"user_id": "u1", "city": "Rome"})
    open_shop.work()
    open_shop.deliver()
    moved = open_shop.at_braze("u1", "in_oslo")

    open_shop.change(audiences=["oslo"], clean_up=True)
    follow(open_shop)

    assert (moved, open_shop.at_braze("u2", "in_oslo")) == (False, True)
    assert open_shop.at_braze("u2", "in_buyers") is None


def test_users_that_braze_does_not_know_can_be_left_alone(open_shop: Shop) -> None:
    open_shop.braze.post("/users/track", {"attributes": [{"external_id": "u1", "city": "x"}]})

    start(open_shop, "oslo", existing_only=True)

    assert open_shop.at_braze("u1") == ["oslo"]
    assert open_shop.braze.user("u2") is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"attribute": "other"}, "attribute of a job cannot change"),
        ({"form": "booleans"}, "form of a job cannot change"),
        ({"existing_users": False}, "cannot be switched off"),
        ({"audiences": []}, "at least one audience"),
        ({"suppressed_by": ["oslo"]}, "both exported and suppressing"),
        ({"quiet": {"zone": "Mars/Base", "start": "1:00", "end": "2:00"}}, "no time zone"),
        ({"quiet": {"zone": "UTC", "start": "25:00", "end": "02:00"}}, "no time of day"),
        ({"expires_at": "2020-01-01T00:00Z"}, "in the past"),
        ({"clean_up_at_expiry": True}, "Give the instant"),
        ({"alias_field": "email"}, "both its label and the field"),
        ({"identifier_field": ""}, "at least one field"),
        ({"identifier_order": ["phone"]}, "no field is given for it"),
        ({"colour": "red"}, "no option 'colour'"),
    ],
)
def test_a_change_that_cannot_be_is_refused_with_its_cure(
    open_shop: Shop, options: dict[str, Any], message: str
) -> None:
    open_shop.create("oslo")

    with pytest.raises(BadJobError, match=message):
        open_shop.change(**options)

    assert open_shop.state() == open_shop.job
