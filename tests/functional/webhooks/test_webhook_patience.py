"""When messages are tried again, when they are not, and how they are replayed."""

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.functional.flow.conftest import ACTOR
from tests.functional.webhooks.conftest import HookShop

from coterie.app.deliveries import delivery_calls
from coterie.flow.exports.desk import DeliveryDesk
from coterie.flow.exports.parked import Choice
from coterie.model.webhooks import DO_NOT_RETRY
from coterie.sender.dependencies import SenderDependencies
from coterie.sender.loop import run_sender

DEADLINE = 60.0
LOOKS = 50


class Hand:
    """The hand of a clock that stands still until it is moved; counts who looks at it."""

    def __init__(self) -> None:
        self.seconds = 1_000.0
        self.looks = 0

    def __call__(self) -> float:
        self.looks += 1
        return self.seconds


async def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not await asyncio.to_thread(condition):
        assert time.monotonic() < deadline, "it did not come to that"
        await asyncio.sleep(0.02)


def told(hooks: HookShop) -> list[str]:
    return sorted(request.json["data"]["user_id"] for request in hooks.receiver.taken)


def postponed(hooks: HookShop) -> int:
    with hooks.store.transaction() as conn:
        found = conn.execute(
            "SELECT count(*) FROM delivery_request WHERE outcome = 'postponed'"
        ).fetchone()
    return int(found[0]) if found else 0


@pytest.mark.parametrize("status", [429, 503])
def test_nothing_leaves_before_the_receiver_said_that_it_may(hooks: HookShop, status: int) -> None:
    hooks.hook()
    hooks.receiver.statuses.append(status)
    hooks.receiver.headers["Retry-After"] = "600"
    hooks.send({"user_id": "ada", "city": "Oslo"})
    hooks.work()
    hand = Hand()

    def wait(seconds: float) -> None:
        hooks.now += timedelta(seconds=seconds)
        hand.seconds += seconds

    async def watch() -> None:
        stop = asyncio.Event()
        deps = SenderDependencies(
            desk=DeliveryDesk(hooks.store),
            ring=hooks.ring,
            allow_private_addresses=True,
            flush_seconds=0.0,
            poll_seconds=0.02,
            takeover_seconds=0.0,
            clock=lambda: hooks.now,
            monotonic=hand,
        )
        sender = asyncio.create_task(run_sender(deps, stop))
        try:
            await until(lambda: postponed(hooks) == 1)
            await asyncio.to_thread(hooks.send, {"user_id": "bo", "city": "Oslo"})
            await asyncio.to_thread(hooks.work)
            for _ in range(2):
                seen = hand.looks
                await until(lambda: hand.looks >= seen + LOOKS)  # noqa: B023
                assert len(hooks.receiver.requests) == 1
                wait(299)
            wait(3)
            await until(lambda: told(hooks) == ["ada", "bo"])
        finally:
            stop.set()
            await sender

    asyncio.run(watch())


@pytest.mark.parametrize("status", DO_NOT_RETRY)
def test_what_is_on_the_list_is_tried_once_and_the_next_message_goes(
    hooks: HookShop, status: int
) -> None:
    hooks.hook()
    hooks.receiver.statuses.append(status)

    hooks.tell(user_id="ada", city="Oslo")
    hooks.now += timedelta(days=1)
    hooks.tell(user_id="bo", city="Oslo")

    assert (len(hooks.receiver.requests), told(hooks)) == (2, ["bo"])


def test_one_message_that_is_refused_in_a_batch_takes_none_with_it(hooks: HookShop) -> None:
    hooks.hook(batch_size=2, do_not_retry=[422])
    hooks.send({"user_id": "ada", "city": "Oslo"}, {"user_id": "bo", "city": "Oslo"})
    hooks.work()
    hooks.receiver.statuses.extend([422, 422])

    hooks.deliver()

    sizes = [len(request.json) for request in hooks.receiver.requests]
    assert sizes == [2, 1, 1]
    assert len(hooks.receiver.taken) == 1


def test_refused_messages_are_replayed_by_the_time_of_their_refusal(hooks: HookShop) -> None:
    job = hooks.hook()
    times = []
    for name in ("ada", "bo", "cy"):
        hooks.receiver.statuses.append(404)
        hooks.tell(user_id=name, city="Oslo")
        times.append(hooks.now)
        hooks.now += timedelta(hours=1)
    calls = delivery_calls(hooks.store, lambda: hooks.now)
    asked: dict[str, Any] = {"since": times[1], "until": times[2]}

    count = calls.replay(hooks.account.number, job.destination_id or 0, Choice(**asked), ACTOR)
    hooks.deliver()

    assert (count, told(hooks)) == (1, ["bo"])
