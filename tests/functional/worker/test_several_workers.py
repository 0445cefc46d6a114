import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from tests.e2e.crash.facts import read_people
from tests.e2e.crash.people import Story, draw_story
from tests.e2e.crash.shop import STREAM, furnish
from tests.functional.worker.conftest import Crew

from coterie.base.clock import system_clock
from coterie.control.accounts import create_account
from coterie.flow.eventlog.bulk import append_events
from coterie.flow.eventlog.lanes import ensure_lanes
from coterie.flow.eventlog.prepare import ensure_days
from coterie.flow.eventlog.read import take_lane
from coterie.flow.run.generations import enter_live_generation
from coterie.model.control import Actor
from coterie.model.events import IncomingEvent

SCRIPT = Path(__file__).with_name("worker_process.py")
SEED = int(os.environ.get("COTERIE_TEST_SEED") or time.time_ns() % 1_000_000)
PROVED = 10
LANES = 4
DEADLINE = 120.0


def open_account(crew: Crew, number: int) -> int:
    create_account(
        crew.store, name="Shop", actor=Actor(name="test"), clock=system_clock, number=number
    )
    furnish(crew.store, number, system_clock)
    with crew.store.transaction() as conn:
        ensure_lanes(conn, LANES)
        ensure_days(conn, system_clock().date())
    return number


def send_story(crew: Crew, account: int, events: list[dict[str, Any]], chance: Random) -> None:
    """Scatter events over the lanes; some come twice."""
    doubled = events + chance.sample(events, k=len(events) // 20)
    now = system_clock()
    made = [
        IncomingEvent(
            account=account,
            stream=STREAM,
            received_at=now,
            occurred_at=datetime.fromisoformat(event["at"]),
            body=msgspec.json.encode(event).decode(),
            message_hash=event["message_id"].encode(),
        )
        for event in doubled
    ]
    lanes = [chance.randrange(LANES) for _ in made]
    with crew.store.transaction() as conn:
        for lane in range(LANES):
            mine = [event for event, where in zip(made, lanes, strict=True) if where == lane]
            append_events(conn, lane, mine)


@contextmanager
def worker_process(crew: Crew, *, limit: int) -> Iterator[subprocess.Popen[bytes]]:
    words = [crew.store.url, str(limit), crew.key.hex()]
    child = subprocess.Popen([sys.executable, str(SCRIPT), *words])
    try:
        yield child
    finally:
        child.kill()
        child.wait()


def wait_for(crew: Crew, *, at_most: int) -> None:
    deadline = time.monotonic() + DEADLINE
    while crew.waiting() > at_most:
        assert time.monotonic() < deadline, f"{crew.waiting()} events wait"
        time.sleep(0.01)


def people_of(crew: Crew, account: int) -> dict[Any, dict[str, Any]]:
    with crew.store.transaction() as conn:
        enter_live_generation(conn)
        found = read_people(conn, account, now=system_clock())
    # Profiles are named by account and identifier.
    for person in found.values():
        person.pop("profile_id")
    return found


def check_workers(crew: Crew, story: Story, *, seed: int, kills: int) -> None:
    print(f"COTERIE_TEST_SEED={seed}")  # noqa: T201 - shown when the test fails
    chance = Random(seed)
    events = story.arrivals(chance)
    alone, together = open_account(crew, 1), open_account(crew, 2)

    send_story(crew, alone, events, chance)
    with worker_process(crew, limit=2_000):
        wait_for(crew, at_most=0)
    send_story(crew, together, events, chance)
    with worker_process(crew, limit=97):
        for _ in range(kills):
            with worker_process(crew, limit=61):
                wait_for(crew, at_most=chance.randrange(crew.waiting() // 2, crew.waiting()))
        with worker_process(crew, limit=61):
            wait_for(crew, at_most=0)

    assert people_of(crew, together) == people_of(crew, alone)
    kinds = crew.ask("SELECT account, kind, count(*) FROM event_outcome GROUP BY 1, 2 ORDER BY 1")
    assert kinds == [(account, "duplicate", len(events) // 20) for account in (alone, together)]
    mentions = crew.ask("SELECT account, count(*) FROM g1.timeline GROUP BY 1 ORDER BY 1")
    assert mentions == [(account, len(story.mentions)) for account in (alone, together)]


@pytest.mark.parametrize(
    "seed",
    [SEED, *(pytest.param(seed, marks=pytest.mark.prove) for seed in range(PROVED))],
    ids=lambda seed: f"seed-{seed}" if seed < PROVED else "rotating-seed",
)
def test_several_workers_make_what_one_makes(crew: Crew, seed: int) -> None:
    # Few people and many acts, so that the workers are in each other's way all the time.
    story = draw_story(Random(seed), people=150, acts=5_000)

    check_workers(crew, story, seed=seed, kills=2)


def test_a_worker_that_remembers_an_owner_follows_what_another_worker_merged(crew: Crew) -> None:
    one, other = crew.hire(), crew.hire()
    crew.send({"_uid": "c1"}, {"user_id": "u1"})
    crew.work_with(one)

    crew.send({"user_id": "u1", "_uid": "c1"})
    crew.work_with(other)
    crew.send({"user_id": "u1", "city": "Oslo"})
    crew.work_with(one)

    assert crew.profile("user_id", "u1")["city"] == "Oslo"
    assert crew.profile("_uids", "c1")["id"] == crew.profile("user_id", "u1")["id"]
    assert crew.ask("SELECT count(*) FROM g1.profile") == [(1,)]


def test_a_lane_that_one_worker_holds_is_left_alone_by_another(crew: Crew) -> None:
    worker = crew.hire()
    crew.send({"user_id": "u1"})
    crew.send({"user_id": "u2"}, lane=1)

    with crew.store.connect() as other:
        assert take_lane(other, 0) is not None
        held, free = worker.process(0), worker.process(1)
        other.rollback()
    after = worker.process(0)

    assert (held.lane_busy, held.events) == (True, 0)
    assert (free.lane_busy, free.events) == (False, 1)
    assert after.events == 1


def test_people_whom_one_worker_is_at_are_left_alone_while_there_are_others(crew: Crew) -> None:
    worker = crew.hire()
    with crew.store.transaction() as conn:
        ensure_lanes(conn, LANES)
    for lane in range(LANES):
        crew.send({"user_id": f"u{lane}"}, lane=lane)

    with crew.store.connect() as other:
        assert take_lane(other, 0, alone=True) is not None
        at_others = [report.events for report in worker.live_batches([2, 1, 3])]
        # Nobody else is left, so they are better than nothing.
        at_the_same = [report.events for report in worker.live_batches([0, 2])]
        other.rollback()

    assert at_others == [0, 1, 1]
    assert at_the_same == [0, 0, 0, 1]
