"""What a person does to a delivery, and the ledger that they look things up in."""

import pytest
from tests.functional.sender.conftest import ACCOUNT, ACTOR, World

from braze_sandbox.model.fault import Fault
from coterie.app.deliveries import delivery_calls
from coterie.base.clock import system_clock
from coterie.control.delivery_steps import DeliveryStepError, UnknownDeliveryError
from coterie.flow.exports.parked import Choice
from coterie.flow.run.deliveries import DeliveryCalls
from coterie.model.ledger import DeliveryView, HeldItem


@pytest.fixture
def calls(world: World) -> DeliveryCalls:
    return delivery_calls(world.store, system_clock)


def step(calls: DeliveryCalls, world: World, name: str) -> str:
    return calls.step(ACCOUNT, world.destination, name, ACTOR)


def view(calls: DeliveryCalls, world: World) -> DeliveryView:
    found = calls.find(ACCOUNT, world.destination)
    assert found is not None
    return found


def held(calls: DeliveryCalls, user: str) -> list[HeldItem]:
    return [item for one in calls.holdings(ACCOUNT, user) for item in one.items]


async def test_a_paused_delivery_coalesces_until_it_is_resumed(
    world: World, calls: DeliveryCalls
) -> None:
    step(calls, world, "pause")
    async with world.sending():
        world.wish("u1", {"vip"})
        world.wish("u2", {"vip"})
        world.wish("u1", set())
        assert view(calls, world).waiting == 2
        assert step(calls, world, "resume") == "running"
        await world.wait_idle()

    assert [item["external_id"] for sent in world.requests() for item in sent] == ["u2"]


async def test_a_killed_delivery_lets_go_of_what_is_under_way_and_release_finishes_it(
    world: World, calls: DeliveryCalls
) -> None:
    stuck = Fault(path="/users/track", hang_seconds=60.0)
    world.sandbox.engine.faults.plan(stuck)
    world.wish("u1", {"vip"})
    async with world.sending():
        await world.wait_until(world.under_way)
        step(calls, world, "kill")
        await world.wait_until(lambda: world.row("u1")["in_doubt"] == ["vip"])
        assert world.under_way() == 0
        assert [item.is_doubtful for item in held(calls, "u1")] == [True]

        step(calls, world, "release")
        await world.wait_idle()

    assert world.at_braze("u1") == {"vip"}


async def test_release_tries_at_once_what_waits_after_failures(
    world: World, calls: DeliveryCalls
) -> None:
    world.sandbox.engine.faults.plan(Fault(path="/users/track", status=500, times=1))
    world.wish("u1", {"vip"})
    async with world.sending(takeover_seconds=3600.0):
        await world.wait_until(lambda: world.row("u1")["attempts"] == 1)
        step(calls, world, "release")
        await world.wait_idle()

    assert world.at_braze("u1") == {"vip"}


def test_a_step_that_does_not_fit_says_which_do(world: World, calls: DeliveryCalls) -> None:
    with pytest.raises(DeliveryStepError, match="pause, bounce, kill, release"):
        step(calls, world, "resume")


def test_deliveries_of_other_accounts_are_as_good_as_none(
    world: World, calls: DeliveryCalls
) -> None:
    other = ACCOUNT + 1

    assert calls.find(other, world.destination) is None
    assert calls.set_aside(other, world.destination, None, 10) == ()
    with pytest.raises(UnknownDeliveryError):
        calls.replay(other, world.destination, Choice(), ACTOR)
    with pytest.raises(UnknownDeliveryError):
        calls.step(other, world.destination, "pause", ACTOR)


async def test_the_ledger_says_what_braze_was_told_when_and_what_it_answered(
    world: World, calls: DeliveryCalls
) -> None:
    before = system_clock()
    world.wish("u1", {"vip"})
    async with world.sending():
        await world.wait_idle()
        [vip] = held(calls, "u1")
        world.wish("u1", {"vip", "new"})
        await world.wait_idle()

    new, still = held(calls, "u1")
    assert (new.key, still) == ("new", vip)
    assert vip.told_at is not None
    assert vip.told_at.timestamp() >= int(before.timestamp())
    assert (vip.status, vip.is_doubtful) == (201, False)
    assert "success" in str(vip.answer)
    assert new.request is not None
    request = calls.request(ACCOUNT, new.request)
    assert request is not None
    assert (request.outcome, request.objects) == ("answered", 1)
    assert calls.request(ACCOUNT + 1, new.request) is None


async def test_data_points_that_were_never_spent_are_counted(
    world: World, calls: DeliveryCalls
) -> None:
    for values in ({"vip"}, set(), {"vip"}, {"vip", "new"}):
        world.wish("u1", values)
    async with world.sending():
        await world.wait_idle()

    figures = view(calls, world)
    assert (figures.data_points, figures.data_points_saved) == (1, 3)
    assert (figures.added, figures.waiting, figures.seconds_left) == (2, 0, 0.0)


async def test_refused_users_are_replayed_by_reason(world: World, calls: DeliveryCalls) -> None:
    too_long = "x" * 1000
    world.wish_many(["u1", too_long], {"vip"})
    async with world.sending():
        await world.wait_idle()

        def replay(reason: str) -> int:
            return calls.replay(ACCOUNT, world.destination, Choice(reason=reason), ACTOR)

        assert replay("no such words") == 0
        assert replay("988 BYTES") == 1
        await world.wait_idle()

    assert len(world.requests()) == 2
    [aside] = calls.set_aside(ACCOUNT, world.destination, "parked", 10)
    assert (aside.recipient, aside.state) == (too_long, "parked")


async def test_a_dead_key_slows_no_other(world: World) -> None:
    dead = world.authorization_id
    world.sandbox.engine.state.remove_key(world.sandbox.key)
    world.wish("u1", {"vip"})
    async with world.sending():
        await world.wait_until(lambda: world.row("u1")["attempts"])
        world.set_up_other("other-key")
        world.wish("u2", {"vip"})
        await world.wait_until(lambda: world.at_braze("u2") == {"vip"})

    assert world.authorization_id != dead
    assert world.row("u1")["pending"] is True
