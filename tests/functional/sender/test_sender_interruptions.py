import asyncio
from datetime import UTC, datetime

from tests.functional.sender.conftest import DEADLINE, World

from braze_sandbox.model.fault import Fault
from coterie.flow.exports.requests import Request, open_requests, pack_request
from coterie.model.delivery import Difference, OutboxRow, Shipment
from coterie.sender.loop import run_sender


async def test_a_stopped_sender_settles_what_is_under_way(world: World) -> None:
    world.sandbox.engine.faults.plan(Fault(path="/users/track", delay_seconds=0.3))
    world.wish("u1", {"vip"})
    stop = asyncio.Event()
    task = asyncio.create_task(run_sender(world.dependencies(), stop))
    await world.wait_until(world.under_way)

    stop.set()
    await asyncio.wait_for(task, DEADLINE)

    assert world.at_braze("u1") == {"vip"}
    assert world.row("u1")["told"] == ["vip"]
    assert world.row("u1")["in_doubt"] == []


async def test_a_lost_database_connection_costs_nothing_but_time(world: World) -> None:
    names = [f"u{number}" for number in range(400)]

    async with world.sending():
        world.wish_many(names[:200], {"vip"})
        await world.wait_until(world.requests)
        with world.store.transaction() as conn:
            conn.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks"
                " WHERE locktype = 'advisory' AND classid = 4712"
            )
        world.wish_many(names[200:], {"new"})
        await world.wait_idle()

    assert all(world.at_braze(name) == {"vip"} for name in names[:200])
    assert all(world.at_braze(name) == {"new"} for name in names[200:])
    assert all(world.row(name)["in_doubt"] == [] for name in names)


async def test_a_new_key_is_used_as_soon_as_it_is_saved(world: World) -> None:
    world.sandbox.engine.state.remove_key(world.sandbox.key)
    world.wish("u1", {"vip"})
    async with world.sending():
        await world.wait_until(lambda: world.row("u1")["attempts"])

        world.save_key("another-key")
        await world.wait_idle()

    assert world.at_braze("u1") == {"vip"}


async def test_values_in_doubt_wait_after_a_takeover(world: World) -> None:
    world.wish("u1", {"vip"})
    with world.store.transaction() as conn:
        request = Request(id=1, destination=world.destination, loads=(shipment("u1", "vip"),))
        open_requests(conn, world.authorization_id, [pack_request(request)], now=datetime.now(UTC))

    async with world.sending(takeover_seconds=0.5):
        started = asyncio.get_running_loop().time()
        await world.wait_idle()
        elapsed = asyncio.get_running_loop().time() - started

    assert elapsed >= 0.5
    assert world.at_braze("u1") == {"vip"}


async def test_what_a_dead_sender_left_under_way_cannot_cancel_out(world: World) -> None:
    world.wish("u1", {"vip"})
    world.wish("u1", set())
    with world.store.transaction() as conn:
        request = Request(id=1, destination=world.destination, loads=(shipment("u1", "vip"),))
        open_requests(conn, world.authorization_id, [pack_request(request)], now=datetime.now(UTC))

    async with world.sending():
        await world.wait_until(world.requests)
        await world.wait_idle()

    assert world.requests() == [[{"external_id": "u1", "lytics_segments": {"remove": ["vip"]}}]]
    assert world.under_way() == 0


def shipment(recipient: str, value: str) -> Shipment:
    row = OutboxRow(
        destination=1,
        recipient=recipient,
        wanted={value: True},
        told={},
        in_doubt={},
        version=1,
        attempts=0,
    )
    return Shipment(row, Difference({value: True}, ()))
