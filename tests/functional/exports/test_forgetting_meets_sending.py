"""An event of a person is about to leave while that person is being forgotten."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import pytest
from tests.functional.exports.conftest import Shop
from tests.functional.exports.test_forgetting_at_braze import erase, forget, paths
from tests.functional.flow.conftest import ACTOR

from coterie.control.jobs import create_export
from coterie.flow.exports.desk import DeliveryDesk
from coterie.flow.exports.draft import Draft
from coterie.flow.exports.hold import Hold, try_hold
from coterie.flow.exports.requests import Request, open_requests, pack_request
from coterie.flow.exports.settle import DoubtPolicy
from coterie.model.delivery import QueueItem
from coterie.model.erasure import Erasure
from coterie.store import Connection, Store

DEADLINE = 120.0


@pytest.fixture
def feed(shop: Shop) -> int:
    """A destination where an event of Ada and one of Bob wait."""
    job = create_export(
        shop.store,
        account=shop.account.number,
        label="Events",
        authorization_id=shop.authorization,
        config={"kind": "export_events", "identifier_field": "user_id", "events": ["order"]},
        actor=ACTOR,
        clock=lambda: shop.now,
    )
    shop.send({"user_id": "u-ada", "event": "order"}, {"user_id": "u-bob", "event": "order"})
    shop.work()
    assert job.destination_id is not None
    return job.destination_id


def items_of(shop: Shop, destination: int) -> list[QueueItem]:
    """Read what waits, as a sender does before it writes down what leaves."""
    with try_hold(shop.store, shop.authorization) as hold:
        assert hold is not None
        items, _ = hold.take_items(destination, limit=10, now=shop.now)
    return items


def wait_for_a_lock(conn: Connection) -> None:
    """Return once some session waits for a lock that another one holds."""
    deadline = time.monotonic() + DEADLINE
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    while True:
        found = conn.execute(query).fetchone()
        # In this transaction the view would stay as it was first seen.
        conn.execute("SELECT pg_stat_clear_snapshot()")
        if found is not None and found[0]:
            return
        assert time.monotonic() < deadline, "nobody waits"
        threading.Event().wait(0.01)


def test_an_event_that_was_read_before_its_person_was_forgotten_does_not_leave(
    shop: Shop, feed: int
) -> None:
    read = {item.recipient: item for item in items_of(shop, feed)}
    erase(shop, forget(shop, "u-ada"))

    with try_hold(shop.store, shop.authorization) as hold:
        assert hold is not None
        requests = [
            Request(id=1, destination=feed, loads=(read["u-ada"], read["u-bob"])),
            Request(id=2, destination=feed, loads=(read["u-bob"],)),
        ]
        policy = DoubtPolicy(repeats={}, life=timedelta())
        gone = hold.write(Draft(requests, [], policy=policy, now=shop.now))

    assert gone == {1}
    with shop.store.transaction() as conn:
        opened = conn.execute("SELECT id FROM delivery_request").fetchall()
    assert opened == [(2,)]


def test_a_person_whose_event_is_just_leaving_is_deleted_after_it(shop: Shop, feed: int) -> None:
    (item,) = [item for item in items_of(shop, feed) if item.recipient == "u-ada"]
    made = forget(shop, "u-ada")

    with ThreadPoolExecutor(1) as other:
        with shop.store.transaction() as conn:
            request = Request(id=1, destination=feed, loads=(item,))
            gone = open_requests(conn, shop.authorization, [pack_request(request)], now=shop.now)
            erasing = other.submit(erase, shop, made)
            wait_for_a_lock(conn)
        asked = erasing.result(DEADLINE)

    assert gone == frozenset()
    assert (asked.state, asked.deletions) == ("running", 1)


class LateHold(Hold):
    """Lets something happen between reading what is due and writing down what leaves."""

    def __init__(self, hold: Hold, act: Callable[[], object]) -> None:
        super().__init__(hold._conn, hold._reading, hold._authorization_id)
        self._acts = [act]

    def write(self, draft: Draft) -> frozenset[int]:
        if draft.opened and self._acts:
            self._acts.pop()()
        return super().write(draft)


class LateDesk(DeliveryDesk):
    """Gives out such holds."""

    def __init__(self, store: Store, act: Callable[[], object]) -> None:
        super().__init__(store)
        self._act = act

    @contextmanager
    def try_hold(self, authorization_id: int) -> Iterator[Hold | None]:
        with super().try_hold(authorization_id) as hold:
            yield None if hold is None else LateHold(hold, self._act)


def test_the_others_of_a_request_are_told_when_one_of_it_is_forgotten(
    shop: Shop, feed: int
) -> None:
    done: list[Erasure] = []

    shop.deliver(desk=LateDesk(shop.store, lambda: done.append(erase(shop, forget(shop, "u-ada")))))

    assert [(one.state, one.deletions) for one in done] == [("done", 0)]
    assert shop.braze.user("u-ada") is None
    assert shop.braze.user("u-bob") is not None
    assert paths(shop) == ["/users/track"]
    assert items_of(shop, feed) == []
