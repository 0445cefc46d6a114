"""A new behavioural audience knows what happened before it, whatever happens meanwhile."""

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.functional.flow.conftest import ACTOR, START, House
from tests.functional.flow.test_behavioural_audiences import (
    DAY,
    LOYAL,
    MARKETERS,
    audiences,
    members,
    order,
)
from tests.functional.worker.conftest import Crew

from coterie.control.definitions.audiences import update_audience
from coterie.control.definitions.trackers import list_trackers
from coterie.store import Store
from coterie.worker.builder import build_range


@pytest.fixture
def crew(database_url: str) -> Iterator[Crew]:
    with Store.open(database_url) as store:
        found = Crew(store)
        yield found
        found.dismiss()


def test_a_new_audience_knows_what_happened_before_it(house: House) -> None:
    house.trust("shop")
    for days in (100, 60, 20):
        house.send(order("u1"), stream="shop", at=START - days * DAY)
    house.send(order("u2"), stream="shop", at=START - DAY)
    house.work()

    house.now += timedelta(minutes=1)
    loyal = house.audience("loyal", LOYAL)
    house.build()

    assert house.changes() == [("enter", loyal, "backfill")]
    assert audiences(house, "u1") == ["loyal"]
    house.now = START + 30 * DAY + timedelta(seconds=1)
    house.work()
    assert audiences(house, "u1") == []


def test_history_and_what_comes_during_the_build_add_up(house: House) -> None:
    house.send(order("u1"), order("u2"))
    house.work()
    house.send(order("u2"), lane=1)
    house.audience("loyal", LOYAL)
    house.audience("twice", 'FILTER count_of("order") == 2')

    house.work()
    house.send(order("u1"))
    house.work()

    # Nothing is built yet: whom an event touches is asked with all that is known.
    assert audiences(house, "u1") == ["loyal", "twice"]
    house.build()
    assert audiences(house, "u1") == ["loyal", "twice"]
    assert audiences(house, "u2") == ["loyal", "twice"]


def test_a_message_sent_again_counts_once_in_history_too(house: House) -> None:
    once = order("u1", message_id="m1")
    house.send(once, once)
    house.work()

    house.audience("loyal", LOYAL)
    house.build()

    assert audiences(house, "u1") == []


def test_what_two_people_did_adds_up_when_they_turn_out_to_be_one(house: House) -> None:
    house.send(order("u1", email="a@example.com"))
    house.work()
    loyal = house.audience("loyal", LOYAL)
    house.build()
    house.send({"_uid": "c1", "_e": "order"})
    house.work()
    assert house.changes() == []

    house.now += DAY
    house.send({"_uid": "c1", "email": "a@example.com"})
    house.work()

    assert ("enter", loyal, "event") in house.changes()
    assert audiences(house, "u1") == ["loyal"]


def test_people_who_merge_during_a_build_miss_nothing(crew: Crew) -> None:
    crew.send(*({"_uid": f"c{n}", "_e": "order"} for n in range(300)))
    crew.send(*(order(f"u{n}") for n in range(300)))
    crew.work_hard()
    crew.audience("loyal", LOYAL)
    bench = crew.new_bench()
    build_range(bench)

    crew.now += timedelta(seconds=1)
    crew.send(*({"_uid": f"c{n}", "user_id": f"u{n}"} for n in range(300)))
    crew.work_hard()
    crew.build()

    assert members(crew, "loyal") == 300


def test_an_audience_that_comes_back_knows_what_happened_meanwhile(house: House) -> None:
    house.audience("loyal", LOYAL)
    house.build()
    house.send(order("u1"))
    house.work()
    house.archive("loyal")
    house.build()
    house.send(order("u1"))
    house.work()

    house.now += timedelta(minutes=1)
    house.audience("loyal", LOYAL)
    house.audience("twice", 'FILTER count_of("order") == 2')
    house.build()

    assert audiences(house, "u1") == ["loyal", "twice"]


def test_what_was_said_under_a_passenger_counts_for_its_carrier(house: House) -> None:
    house.audience("live", 'FILTER count_of("order") == 2')
    house.send({"user_id": "u1", "_uid": [f"c{n}" for n in range(600)]})
    house.work()
    house.send(order("u1", _uid="late"))
    house.work()
    late = {"_uid": "late", "_e": "order"}
    house.send(late, {**late, "email": "e@example.com"}, {"_uid": "c7", "_e": "view"})
    house.work()
    # The event that names an e-mail address too is about whoever has that.
    assert audiences(house, "u1") == ["live"]

    house.now += timedelta(minutes=1)
    house.audience("later", 'FILTER count_of("order", price == 10 OR true) == 2')
    house.build()

    assert sorted(audiences(house, "u1")) == ["later", "live"]


def test_history_of_a_shared_device_stays_with_whom_it_is_about(house: House) -> None:
    for number in range(12):
        house.send({"email": f"e{number}@example.com", "_uid": "library", "_e": "order"})
    house.work()

    house.audience("once", 'FILTER count_of("order") == 1')
    house.build()

    assert members(house, "once") == 12


def test_an_edited_audience_asks_the_history_anew(house: House) -> None:
    house.send(order("u1", 10), order("u2", 99))
    house.work()
    house.audience("big", 'FILTER max_of("order", price) > 5')
    house.audience("other", "FILTER INCLUDE big")
    house.build()
    assert members(house, "other") == 2

    house.now += timedelta(minutes=1)
    update_audience(
        house.store,
        account=house.account.number,
        slug="big",
        filter_text='FILTER max_of("order", price, price > 50) > 5',
        actor=ACTOR,
        clock=lambda: house.now,
    )
    house.build()

    assert audiences(house, "u1") == []
    assert audiences(house, "u2") == ["big", "other"]


def test_a_trimmed_log_says_since_when_history_is_known(house: House) -> None:
    house.send(order("u1"))
    house.work()
    with house.store.transaction() as conn:
        conn.execute("DELETE FROM event_log WHERE seq = 1")
    house.send(order("u2"))
    house.work()

    house.audience("loyal", 'FILTER did("order")')
    house.build()

    [tracker] = list_trackers(house.store, house.account.number)
    assert tracker.known_since == START.date()
    assert audiences(house, "u1") == []
    assert audiences(house, "u2") == ["loyal"]


EVERYTHING = {
    "loyal": LOYAL,
    "target": MARKETERS,
    "spent": 'FILTER sum_of("order", price, "now-30d") > 55',
    "funnel": 'FILTER did_in_order("view", "order", "now-20d")',
    "quick": 'FILTER did_within("1d", "view", "order")',
    "quiet": 'FILTER NOT did("*", "now-9d")',
    "variety": 'FILTER distinct_of("order", price, "now-60d") >= 3',
}


def story(seed: int) -> list[tuple[datetime, int, list[dict[str, Any]]]]:
    """What comes in when, in which lane: people who are known by cookie, then by user id."""
    chance = random.Random(seed)
    told = []
    now = START
    for _ in range(40):
        now += timedelta(hours=chance.choice([1, 7, 30]))
        bodies = []
        for _ in range(chance.randint(1, 6)):
            person = chance.randrange(8)
            who = chance.choice(
                [
                    {"user_id": f"u{person}"},
                    {"_uid": f"c{person}"},
                    {"_uid": f"c{person}", "user_id": f"u{person}"},
                ]
            )
            event = chance.choice(["order", "view", "push_open"])
            price = {"price": chance.choice([5, 10.1, 20.2, 60])} if event == "order" else {}
            bodies.append({**who, "_e": event, **price})
        told.append((now, chance.randrange(2), bodies))
    return told


def play(
    crew: Crew, seed: int, *, audiences_at: int, limits: Sequence[int], work_every: int
) -> dict[str, list[str]]:
    """Let a story happen, with audiences made after so many steps; return who is where."""
    workers = [crew.hire(limit=limit) for limit in limits]
    told = story(seed)
    for index, (now, lane, bodies) in enumerate(told):
        if index == audiences_at:
            for slug, text in EVERYTHING.items():
                crew.audience(slug, text)
        crew.now = now
        crew.send(*bodies, lane=lane)
        if index % work_every == 0:
            crew.work_with(workers[index % len(workers)])
            build_range(crew.bench)
    for worker in workers:
        crew.work_with(worker)
    crew.build()
    crew.now = told[-1][0] + 5 * DAY
    for worker in workers:
        crew.work_with(worker)
    with crew.store.transaction() as conn:
        people = [
            row[0] for row in conn.execute("SELECT value FROM g1.identity WHERE field = 'user_id'")
        ]
    return {person: audiences(crew, person) for person in sorted(people)}


@pytest.mark.parametrize("seed", [1, 2])
def test_answers_depend_neither_on_when_audiences_were_made_nor_on_batches(
    seed: int, database_url: str
) -> None:
    with Store.open(database_url) as store:
        # Each has an account of its own.
        one, two, three = (Crew(store) for _ in range(3))
        from_the_start = play(one, seed, audiences_at=0, limits=[2_000], work_every=1)
        late = play(two, seed, audiences_at=35, limits=[1], work_every=3)
        in_between = play(three, seed, audiences_at=17, limits=[3, 50], work_every=2)
        for crew in (one, two, three):
            crew.dismiss()

    assert from_the_start == late == in_between
    assert {slug for held in from_the_start.values() for slug in held} >= {"loyal", "funnel"}
