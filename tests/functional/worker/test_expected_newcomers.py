"""People who are taken as new without a look-up, and who are not."""

import random

import pytest
from tests.functional.flow.test_identity_workers import people, send, shop
from tests.functional.worker.conftest import Crew

from coterie.control.accounts import create_account
from coterie.flow.identity.newcomers import Newcomers
from coterie.model.control import Actor
from coterie.worker.loop import Worker

ACTOR = Actor(name="test")


class Noting(Newcomers):
    """Newcomers that remember how often there were others."""

    def __init__(self) -> None:
        # Every batch after a look-up in vain is expected to bring new people.
        super().__init__(enough=1, careful=0)
        self.mistakes = 0

    def note_mistake(self, account: int) -> None:
        self.mistakes += 1
        super().note_mistake(account)


def expect(worker: Worker) -> Noting:
    worker._processor._newcomers = noting = Noting()
    return noting


def test_people_who_are_known_to_another_worker_are_found_among_new_ones(crew: Crew) -> None:
    crew.send({"user_id": "u1", "email": "one@x.org"}, {"_uid": "c1"})
    crew.work_with(crew.hire())
    worker = crew.hire(limit=2)
    noting = expect(worker)
    crew.send({"user_id": "n1"}, {"user_id": "n2"})
    crew.send({"user_id": "n3"}, {"user_id": "u1", "city": "Oslo"})

    first, second = worker.process(0), worker.process(0)

    assert (first.events, second.events, noting.mistakes) == (2, 2, 1)
    assert crew.outcomes() == {}
    assert crew.profile("user_id", "u1")["city"] == "Oslo"
    assert crew.profile("user_id", "u1")["email"] == "one@x.org"
    assert crew.ask("SELECT count(*) FROM g1.profile") == [(5,)]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_expecting_newcomers_finds_the_same_people_as_asking_for_each(
    crew: Crew, seed: int
) -> None:
    chance = random.Random(seed)
    bodies = shop(chance)
    asked = crew.account.number
    expected = create_account(crew.store, name="E", actor=ACTOR, clock=lambda: crew.now).number
    send(crew, asked, bodies, 0)
    crew.work_hard()
    workers = [crew.hire(limit=size) for size in (1, 2, 5)]
    notings = [expect(worker) for worker in workers]

    send(crew, expected, bodies, 0)
    while crew.waiting():
        chance.choice(workers).process(0)

    assert sum(noting.mistakes for noting in notings) > 0
    assert people(crew, expected) == people(crew, asked)
