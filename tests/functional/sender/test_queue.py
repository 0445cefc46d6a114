"""Events and purchases, which count twice if they are told twice."""

from datetime import UTC, datetime

import pytest
from tests.functional.sender.conftest import ACCOUNT, ACTOR, World

from braze_sandbox.model.fault import Fault
from braze_sandbox.store.state import DEFAULT_WORKSPACE
from coterie.app.deliveries import delivery_calls
from coterie.base.clock import system_clock
from coterie.flow.exports.parked import Choice
from coterie.flow.exports.queue import enqueue
from coterie.model.delivery import NewQueueItem, Repeats

LOST = Fault(path="/users/track", cut=True, after_work=True)


class Shop:
    """A destination for purchases."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.destination = world.add_destination("", form="purchases")
        self.calls = delivery_calls(world.store, system_clock)

    def buy(self, user: str, *numbers: int) -> int:
        items = [
            NewQueueItem(
                recipient=user,
                origin=f"order-{number}",
                body={
                    "product_id": "cd",
                    "currency": "USD",
                    "price": number,
                    "time": "2026-01-01T00:00:00Z",
                },
            )
            for number in numbers
        ]
        with self.world.store.transaction() as conn:
            return enqueue(conn, self.destination, items, account=ACCOUNT, now=datetime.now(UTC))

    def states(self) -> list[tuple[str, int]]:
        with self.world.store.transaction() as conn:
            return conn.execute("SELECT state, repeated FROM outbox_queue ORDER BY id").fetchall()

    def waiting(self) -> int:
        return sum(state == "waiting" for state, _ in self.states())

    async def rest(self) -> None:
        await self.world.wait_until(lambda: not self.waiting())

    def at_braze(self) -> list[int]:
        deeds = self.world.sandbox.engine.state.deeds
        found = deeds.purchases(DEFAULT_WORKSPACE, after=0, limit=1_000)
        return [round(purchase.price) for _, purchase in found]


@pytest.fixture
def shop(world: World) -> Shop:
    return Shop(world)


async def test_purchases_arrive_once_and_in_order(shop: Shop) -> None:
    shop.buy("u1", *range(200))
    async with shop.world.sending():
        await shop.rest()

    assert shop.at_braze() == list(range(200))
    assert {state for state, _ in shop.states()} == {"sent"}


def test_what_was_queued_before_is_not_queued_again(shop: Shop) -> None:
    assert shop.buy("u1", 1, 2) == 2
    assert shop.buy("u1", 2, 3) == 1


async def test_an_unanswered_purchase_is_doubtful_and_not_sent_again(shop: Shop) -> None:
    shop.world.sandbox.engine.faults.plan(LOST)
    shop.buy("u1", 1)
    async with shop.world.sending():
        await shop.rest()
        shop.buy("u1", 2)
        await shop.rest()

    assert shop.states() == [("doubtful", 0), ("sent", 0)]
    assert shop.at_braze() == [1, 2]
    [aside] = shop.calls.set_aside(ACCOUNT, shop.destination, "doubtful", 10)
    assert aside.recipient == "u1"
    found = shop.calls.find(ACCOUNT, shop.destination)
    assert found is not None
    assert found.doubtful == 1


async def test_at_least_once_sends_it_again_and_counts_that(shop: Shop) -> None:
    policy: Repeats = "at_least_once"
    shop.calls.set_repeats(ACCOUNT, shop.destination, policy, ACTOR)
    shop.world.sandbox.engine.faults.plan(LOST)
    shop.buy("u1", 1)
    async with shop.world.sending():
        await shop.rest()

    assert shop.states() == [("sent", 1)]
    assert shop.at_braze() == [1, 1]


async def test_a_refusal_for_the_rate_leaves_no_doubt(shop: Shop) -> None:
    busy = Fault(path="/users/track", status=429, rate_headers="mau", retry_after=1)
    shop.world.sandbox.engine.faults.plan(busy)
    shop.buy("u1", 1)
    async with shop.world.sending():
        await shop.rest()

    assert shop.states() == [("sent", 0)]
    assert shop.at_braze() == [1]


async def test_doubtful_ones_are_replayed_or_dropped_by_number(shop: Shop) -> None:
    shop.world.sandbox.engine.faults.plan(Fault(path="/users/track", cut=True))
    shop.buy("u1", 1)
    shop.buy("u2", 2)
    async with shop.world.sending():
        await shop.rest()
        found = shop.calls.set_aside(ACCOUNT, shop.destination, "doubtful", 10)
        one, two = sorted(item.id for item in found)
        again = Choice(ids=(one,), states=("doubtful",))
        given_up = Choice(ids=(two,), states=("doubtful",))

        assert shop.calls.replay(ACCOUNT, shop.destination, again, ACTOR) == 1
        assert shop.calls.drop(ACCOUNT, shop.destination, given_up, ACTOR) == 1
        await shop.rest()

    assert shop.states() == [("sent", 1), ("dropped", 0)]
    assert shop.at_braze() == [1]
