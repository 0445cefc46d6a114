"""A job asks for a consent that it did not ask for before: what waits and what was sent follows."""

from datetime import timedelta
from typing import Any

import pytest
from tests.functional.exports.conftest import Shop
from tests.functional.exports.test_feeding_events import (
    EVENTS,
    PURCHASES,
    export,
    states,
    step,
)
from tests.functional.exports.test_withdrawing_consent import CONSENT, LOST, NO, YES, arrived, say

from coterie.control.jobs import job_logs, pause_job, resume_job
from coterie.flow.exports.desk import DeliveryDesk
from coterie.flow.exports.destinations import list_destinations
from coterie.flow.exports.draft import Draft
from coterie.flow.exports.requests import Request
from coterie.flow.exports.settle import DoubtPolicy
from coterie.flow.run.deliveries import Deliveries

REASON = "no consent in field 'last_name': events that waited were dropped"
BO = {"user_id": "bo"}


def bodies(shop: Shop) -> dict[str, Any]:
    with shop.store.transaction() as conn:
        return dict(conn.execute("SELECT recipient, body FROM outbox_queue").fetchall())


def said(shop: Shop) -> list[str]:
    entries = job_logs(shop.store, shop.account.number, shop.job.id)
    return [entry.message for entry in entries if entry.code == "rechecked"]


def follow(shop: Shop) -> None:
    shop.deliver(jobs=shop.run_jobs)


@pytest.mark.parametrize(
    ("options", "kind"), [(EVENTS, "events"), (PURCHASES, "purchases")], ids=["events", "purchases"]
)
def test_events_that_wait_for_who_does_not_consent_are_dropped(
    shop: Shop, options: dict[str, Any], kind: str
) -> None:
    export(shop, **options)
    step(shop, pause_job)
    say(shop, YES, YES | BO | {"last_name": "no"}, YES | {"user_id": "cy", "last_name": None})
    shop.change(consent=CONSENT)
    step(shop, resume_job)
    follow(shop)

    assert arrived(shop, kind) == ["ada"]
    assert states(shop) == [("ada", "sent"), ("bo", "dropped"), ("cy", "dropped")]
    assert shop.omissions() == [REASON, REASON]
    assert said(shop) == [
        f"All that waits was asked for consent in field 'last_name': 2 {kind} were dropped."
    ]
    # What is never sent is not kept.
    assert bodies(shop)["bo"] == {}
    assert shop.braze.user("bo") is None


def test_nothing_leaves_between_the_change_and_the_asking(shop: Shop) -> None:
    export(shop, **EVENTS)
    say(shop, YES | BO | {"last_name": "no"})
    # A sender that has not heard of the change yet would send what it reads.
    with shop.store.transaction() as conn:
        [plan] = list_destinations(conn, shop.bench.contexts._config_at(conn), now=shop.now)
    shop.change(consent=CONSENT)
    with shop.store.transaction() as conn:
        [checked] = list_destinations(conn, shop.bench.contexts._config_at(conn), now=shop.now)
    desk = DeliveryDesk(shop.store)
    with desk.try_hold(shop.authorization) as hold:
        assert hold is not None
        [item] = hold.take_items(plan.id, limit=1, now=shop.now)[0]
        request = Request(id=hold.numbers(1)[0], destination=plan.id, loads=(item,))
        policy = DoubtPolicy(repeats={}, life=timedelta(seconds=1))
        gone = hold.write(Draft([request], [], policy=policy, now=shop.now))
    follow(shop)

    assert (plan.delivers, checked.delivers) == (True, False)
    assert gone == {request.id}
    assert states(shop) == [("bo", "dropped")]


def test_what_is_in_doubt_or_was_refused_is_asked_about_as_well(shop: Shop) -> None:
    export(shop, **EVENTS)
    shop.braze.call("POST", "/faults", LOST)
    say(shop, YES | BO | {"last_name": "no"})
    follow(shop)
    doubtful = states(shop)
    shop.change(consent=CONSENT)
    follow(shop)

    assert doubtful == [("bo", "doubtful")]
    assert states(shop) == [("bo", "dropped")]
    destination = shop.job.destination_id
    assert destination is not None
    assert not Deliveries(shop.store).set_aside(shop.account.number, destination)


def test_an_event_that_the_log_holds_no_more_is_not_sent(shop: Shop) -> None:
    export(shop, **EVENTS)
    step(shop, pause_job)
    say(shop, YES)
    with shop.store.transaction() as conn:
        conn.execute("TRUNCATE event_log")
    shop.change(consent=CONSENT)
    step(shop, resume_job)
    follow(shop)

    assert states(shop) == [("ada", "dropped")]
    assert shop.braze.users() == []


def _people(shop: Shop) -> None:
    shop.audience("all", "FILTER EXISTS user_id")
    shop.build()
    say(shop, YES, NO | BO)


def test_what_was_sent_of_who_does_not_consent_is_taken_away_and_what_waits_stays(
    shop: Shop,
) -> None:
    _people(shop)
    shop.create("all")
    follow(shop)
    say(shop, NO | {"user_id": "cy"})
    before = shop.at_braze("bo")
    shop.change(consent=CONSENT)
    follow(shop)

    assert before == ["all"]
    assert shop.at_braze("ada") == ["all"]
    assert (shop.at_braze("bo") or []) == []
    assert shop.braze.user("cy") is None
    assert shop.omissions() == ["no consent in field 'last_name'"] * 2
    [line] = said(shop)
    assert "2 do not give it" in line


@pytest.mark.parametrize("other_goes_on", [True, False], ids=["other-running", "other-paused"])
def test_a_paused_job_that_asks_for_a_consent_asks_it_for_who_shares_its_attribute(
    shop: Shop, *, other_goes_on: bool
) -> None:
    _people(shop)
    shop.create("all")
    follow(shop)
    other = shop.job
    shop.create("all")
    follow(shop)
    step(shop, pause_job)
    asking = shop.job
    shop.job = other
    if not other_goes_on:
        step(shop, pause_job)
    shop.job = asking
    shop.change(consent=CONSENT)
    shop.job = other
    if not other_goes_on:
        step(shop, resume_job)
    follow(shop)

    assert shop.at_braze("ada") == ["all"]
    assert (shop.at_braze("bo") or []) == []


def test_a_new_job_with_a_consent_asks_it_for_who_shares_its_attribute(shop: Shop) -> None:
    _people(shop)
    shop.create("all")
    follow(shop)
    shop.create("all", consent=CONSENT, existing_users=False)
    follow(shop)

    assert shop.at_braze("ada") == ["all"]
    assert (shop.at_braze("bo") or []) == []
    assert shop.state().state == "running"


def test_who_entered_after_the_start_is_sent_once_the_consent_is_asked_no_more(shop: Shop) -> None:
    shop.audience("all", "FILTER EXISTS user_id")
    shop.build()
    shop.create("all", existing_users=False, consent=CONSENT)
    shop.now += timedelta(seconds=1)
    say(shop, NO | BO)
    follow(shop)
    omitted = shop.omissions()
    shop.change(consent=None)
    follow(shop)

    assert omitted == ["no consent in field 'last_name'"]
    assert shop.at_braze("bo") == ["all"]
    assert shop.omissions() == []
