"""Several workers, whatever they take when, find the same people as one of them alone."""

import random
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from coterie.app.services import config_source
from coterie.control.accounts import create_account
from coterie.control.definitions.decisions import NewDecision, decide, undo
from coterie.flow.eventlog.bulk import append_events
from coterie.flow.run.batch import BatchSettings
from coterie.flow.run.lookup import count_waiting
from coterie.flow.run.names import IDENTITY_PURPOSE
from coterie.model.control import Actor
from coterie.model.events import IncomingEvent
from coterie.worker.housekeeping import settle_next
from coterie.worker.loop import Worker, WorkerDependencies

if TYPE_CHECKING:
    from tests.functional.flow.conftest import House

ACTOR = Actor(name="test")
DEADLINE = 120.0
Body = dict[str, Any]


def shop(chance: random.Random) -> list[Body]:
    """Families, a device in a library, an address of the staff, visitors who sign in."""
    bodies: list[Body] = []
    for number in range(24):
        family = number // 3
        bodies += [
            {"user_id": f"u{number}", "email": f"f{family}.{chance.randrange(3)}@x.org"},
            {"user_id": f"u{number}", "_uid": f"c{family}.{chance.randrange(2)}"},
            {"email": f"f{family}.{number % 3}@x.org", "_uid": f"c{family}.0"},
            {"user_id": f"u{number}", "_uid": "library", "city": "Oslo"},
            {"email": "staff@x.org", "user_id": f"u{chance.randrange(24)}"},
        ]
    return bodies


def decide_all(house: "House", account: int) -> None:
    """Make decisions, and take one of them back."""

    def make(new: NewDecision) -> int:
        return decide(
            house.store, account=account, new=new, actor=ACTOR, clock=lambda: house.now
        ).id

    one, other = ("user_id", "u0"), ("user_id", "u9")
    make(NewDecision(kind="pin_together", a=one, b=other, reason="x"))
    make(NewDecision(kind="pin_apart", a=("user_id", "u3"), b=("_uids", "c1.0"), reason="x"))
    wrong = make(NewDecision(kind="block_value", a=("email", "f2.0@x.org"), reason="x"))
    undo(
        house.store,
        account=account,
        decision_id=wrong,
        reason="x",
        actor=ACTOR,
        clock=lambda: house.now,
    )


def send(house: "House", account: int, bodies: Sequence[Body], lane: int) -> None:
    events = [
        IncomingEvent(
            account=account,
            stream="default",
            received_at=house.now,
            body=msgspec.json.encode(body).decode(),
        )
        for body in bodies
    ]
    with house.store.transaction() as conn:
        append_events(conn, lane, events)


def work(house: "House", *, until: threading.Event, size: int) -> None:
    key = house.ring.hash_key(IDENTITY_PURPOSE)
    settings = BatchSettings(key, limit=size)
    deps = WorkerDependencies(house.store, config_source(), lambda: house.now, settings)
    with house.store.connect() as conn:
        worker = Worker(deps, conn)
        while worker.turn() or not until.is_set():
            pass


def people(house: "House", account: int) -> set[frozenset[tuple[str, str]]]:
    with house.store.transaction() as conn:
        rows = conn.execute(
            "SELECT profile_id, field, value FROM g1.identity WHERE account = %s", (account,)
        ).fetchall()
    found: dict[object, set[tuple[str, str]]] = {}
    for profile_id, field, value in rows:
        found.setdefault(profile_id, set()).add((field, value))
    return {frozenset(person) for person in found.values()}


@pytest.mark.parametrize("seed", [1, 2])
def test_several_workers_find_the_same_people_as_one_alone(house: "House", seed: int) -> None:
    chance = random.Random(seed)
    bodies = shop(chance)
    alone = house.account.number
    crowd = create_account(house.store, name="Crowd", actor=ACTOR, clock=lambda: house.now).number
    send(house, alone, bodies, 0)
    house.work()
    decide_all(house, alone)
    house.work()

    ending = threading.Event()
    threads = [
        threading.Thread(target=work, args=(house,), kwargs={"until": ending, "size": size})
        for size in (3, 5)
    ]
    for thread in threads:
        thread.start()
    mixed = chance.sample(bodies, len(bodies))
    for start in range(0, len(mixed), 10):
        send(house, crowd, mixed[start : start + 10], chance.randrange(2))
        if start == len(mixed) // 20 * 10:
            decide_all(house, crowd)
    ending.set()
    for thread in threads:
        thread.join(DEADLINE)
        assert not thread.is_alive()
    house.work()
    while settle_next(house.bench):
        pass

    with house.store.transaction() as conn:
        assert count_waiting(conn) == 0
        poison = conn.execute("SELECT reason FROM event_outcome").fetchall()
    assert poison == []
    assert people(house, crowd) == people(house, alone)
