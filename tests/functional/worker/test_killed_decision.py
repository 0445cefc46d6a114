"""A worker that is killed while it follows a decision loses nothing and doubles nothing."""

import time
from collections.abc import Callable
from random import Random

import pytest
from tests.e2e.crash.people import draw_story
from tests.functional.worker.conftest import Crew
from tests.functional.worker.test_several_workers import (
    DEADLINE,
    open_account,
    people_of,
    send_story,
    wait_for,
    worker_process,
)

from coterie.base.clock import system_clock
from coterie.control.definitions.decisions import NewDecision, decide, undo
from coterie.model.control import Actor
from coterie.model.decisions import Decision

ONE, MAIL, OTHER = ("user_id", "u1"), ("email", "e@x.org"), ("user_id", "u2")
# What a worker that follows a decision needs, early and late in its transaction.
IN_THE_WAY = {
    "before it has the profiles": "SELECT 1 FROM g1.profile FOR UPDATE",
    "before it writes": "SELECT 1 FROM change_lane FOR UPDATE",
}


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def waits_for_a_lock(crew: Crew) -> bool:
    query = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    return bool(crew.ask(query)[0][0])


def followed(crew: Crew) -> int:
    return int(crew.ask("SELECT decision_id FROM g1.decision_cursor")[0][0])


@pytest.mark.parametrize("moment", IN_THE_WAY)
def test_a_decision_is_followed_after_the_worker_that_followed_it_was_killed(
    crew: Crew, moment: str
) -> None:
    crew.send({"user_id": "u1", "email": "e@x.org", "city": "Oslo"}, {"user_id": "u2"})
    crew.work_hard()
    first = crew.pin("pin_together", ONE, OTHER)
    crew.work_hard()
    changes = crew.kinds_of_change()

    decision = crew.pin("pin_apart", ONE, MAIL)
    with crew.store.connect() as blocker:
        blocker.execute(IN_THE_WAY[moment].encode())
        with worker_process(crew, limit=100) as doomed:
            wait_until(lambda: waits_for_a_lock(crew))
            doomed.kill()
            doomed.wait()
        blocker.rollback()
    wait_until(lambda: not waits_for_a_lock(crew))
    assert followed(crew) == first.id
    assert crew.kinds_of_change() == changes
    with worker_process(crew, limit=100):
        wait_until(lambda: followed(crew) == decision.id)

    assert crew.profile(*ONE)["id"] == crew.profile(*OTHER)["id"]
    assert crew.profile(*ONE)["id"] != crew.profile(*MAIL)["id"]
    split = crew.kinds_of_change() - changes
    assert split["split", "decision"] == 1


def decide_about(crew: Crew, account: int, new: NewDecision) -> Decision:
    return decide(
        crew.store, account=account, new=new, actor=Actor(name="test"), clock=system_clock
    )


@pytest.mark.prove
@pytest.mark.parametrize("seed", range(4), ids="seed-{}".format)
def test_decisions_amid_kills_lead_where_they_lead_undisturbed(crew: Crew, seed: int) -> None:
    story = draw_story(Random(seed), people=150, acts=5_000)
    alone, together = open_account(crew, 1), open_account(crew, 2)
    named = [person for person in story.people if len(person.identifiers) > 1]
    chance = Random(seed)
    apart = [
        NewDecision(kind="pin_apart", a=a, b=b, reason="x")
        for a, b in (chance.sample(person.identifiers, 2) for person in chance.sample(named, 20))
    ]
    events = story.arrivals(chance)

    send_story(crew, alone, events, chance)
    made = [decide_about(crew, alone, new) for new in apart]
    for decision in made[::3]:
        undo_of(crew, alone, decision)
    with worker_process(crew, limit=2_000):
        wait_for(crew, at_most=0)
        wait_until(lambda: followed(crew) == last_decision(crew))

    send_story(crew, together, events, chance)
    made = []
    with worker_process(crew, limit=97):
        for new in apart:
            with worker_process(crew, limit=61):
                made.append(decide_about(crew, together, new))
                wait_until(lambda: followed(crew) >= made[-1].id - chance.randrange(2))
        for decision in made[::3]:
            with worker_process(crew, limit=61):
                undo_of(crew, together, decision)
        wait_for(crew, at_most=0)
        wait_until(lambda: followed(crew) == last_decision(crew))

    assert people_of(crew, together) == people_of(crew, alone)


def undo_of(crew: Crew, account: int, decision: Decision) -> None:
    undo(
        crew.store,
        account=account,
        decision_id=decision.id,
        reason="it was wrong",
        actor=Actor(name="test"),
        clock=system_clock,
    )


def last_decision(crew: Crew) -> int:
    return int(crew.ask("SELECT max(id) FROM decision")[0][0])
