"""A log that lost its oldest days is replayed if a person wants that, and says what it costs."""

from datetime import timedelta

import pytest
from tests.functional.flow.conftest import House
from tests.functional.flow.replaying import confirm, go_on, publish, replay, start

from coterie.control.definitions.audiences import get_audience
from coterie.control.replays import ReplayRefusedError, find_trimmed
from coterie.flow.run.retention import Retention, forget
from coterie.model.replay import LogLoss


def lose_the_first_day(house: House) -> None:
    """One who was heard of on the first day alone, one on both days, one on the second alone."""
    house.audience("oslo", 'FILTER city = "Oslo"')
    house.send(
        {"user_id": "old", "email": "old@example.org", "city": "Oslo", "order_amount": 5},
        {"user_id": "both", "city": "Oslo", "order_amount": 7},
        {"user_id": "lane", "city": "Oslo"},
    )
    house.send({"user_id": "old", "order_amount": 3}, lane=1)
    house.work()
    house.build()
    house.now += timedelta(days=1)
    house.send(
        {"user_id": "both", "order_amount": 2, "colour": "red"},
        {"user_id": "new", "city": "Oslo", "colour": "blue"},
    )
    house.work()
    dropped = forget(house.store, Retention(1, 0, 0), now=house.now + timedelta(days=1))
    assert len(dropped) > 0


def test_what_a_trimmed_log_costs_is_told_before_anything_is_begun(house: House) -> None:
    assert find_trimmed(house.store) is None
    lose_the_first_day(house)

    with pytest.raises(ReplayRefusedError, match="4 old events have been dropped") as refused:
        start(house)

    assert "the oldest is of 2026-03-02" in refused.value.message


def test_whom_the_log_says_nothing_of_stays_and_others_lose_what_older_events_gave(
    house: House,
) -> None:
    lose_the_first_day(house)
    publish(house)
    before = house.profile("user_id", "old")

    start(house, accepts_loss=True)
    go_on(house, until="ready")
    report = replay(house).report
    confirm(house)
    go_on(house, until="done")

    assert report is not None
    [mine] = report.values()
    assert isinstance(mine.loss, LogLoss)
    assert (mine.loss.carried, mine.loss.shortened) == (2, 1)
    assert mine.loss.log_from.date() == house.now.date()
    assert [(one.before, one.after, one.leaving) for one in mine.audiences] == [(4, 3, 1)]
    assert house.profile("user_id", "old") == before == house.profile("email", "old@example.org")
    both = house.profile("user_id", "both")
    assert (both["order_total"], both["colour"], both.get("city")) == (2, "red", None)
    assert house.profile("user_id", "new")["colour"] == "blue"
    assert get_audience(house.store, house.account.number, "oslo").size == 3


def test_who_was_carried_over_goes_on_with_the_next_event(house: House) -> None:
    lose_the_first_day(house)
    start(house, accepts_loss=True)
    go_on(house, until="ready")

    house.send({"user_id": "old", "order_amount": 4}, {"email": "old@example.org", "city": "Rome"})
    house.work()
    live = house.profile("user_id", "old")
    confirm(house)
    go_on(house, until="done")

    after = house.profile("email", "old@example.org")
    assert (after["order_total"], after["city"]) == (12, "Rome")
    assert after == live


def test_a_log_of_which_nothing_is_left_leaves_everybody_as_they_are(house: House) -> None:
    house.send({"user_id": "u1", "city": "Oslo"}, {"user_id": "u2", "email": "u2@example.org"})
    house.work()
    before = [house.profile("user_id", user) for user in ("u1", "u2")]
    forget(house.store, Retention(1, 0, 0), now=house.now + timedelta(days=9))

    start(house, accepts_loss=True)
    go_on(house, until="ready")
    confirm(house)
    go_on(house, until="done")

    assert [house.profile("user_id", user) for user in ("u1", "u2")] == before
