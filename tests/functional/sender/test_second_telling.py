"""Whoever was in a request without an answer is told once more when it can no longer be alive."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.functional.sender.conftest import World

from braze_sandbox.model.fault import Fault
from braze_sandbox.sandbox import BrazeSandbox
from braze_sandbox.store.state import DEFAULT_WORKSPACE
from coterie.base.keyfile import load_or_create
from coterie.flow.exports.told import list_deliveries
from coterie.model.ledger import DeliveryView
from coterie.store import Store

SCRIPT = Path(__file__).with_name("sender_process.py")
LIFE = 3_600
TIMEOUT = 0.3


class Hours:
    """The sender's clock, which the tests put forward."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def pass_a_life(self) -> None:
        """Let the longest life of a request go by."""
        self.ahead += timedelta(seconds=LIFE)


@pytest.fixture
def hours(world: World) -> Hours:
    world.configure(request_life_seconds=str(LIFE))
    return Hours()


@asynccontextmanager
async def sending(world: World, hours: Hours, **changes: object) -> AsyncIterator[None]:
    async with world.sending(clock=hours, timeout=TIMEOUT, **changes):
        yield


def hold_back(world: World, *, times: int = 1, path: str = "/users/track") -> None:
    """Let the next requests be worked only when they are released."""
    world.sandbox.engine.faults.plan(Fault(path=path, hold=True, times=times))


async def let_go(world: World, *, requests: int = 1) -> None:
    """Let what was held back be worked now, and wait until it is."""
    seen = worked(world)
    assert world.sandbox.engine.faults.release() == requests
    await world.wait_until(lambda: worked(world) == seen + requests)


def worked(world: World) -> int:
    return len(world.sandbox.engine.journal.newest(limit=10_000))


def custom(world: World, recipient: str) -> dict[str, Any]:
    workspace = world.sandbox.engine.state.workspaces[DEFAULT_WORKSPACE]
    profile = workspace.profiles.find_external(recipient)
    assert profile is not None
    return dict(profile.custom)


def look(world: World, destination: int | None = None) -> DeliveryView:
    chosen = world.destination if destination is None else destination
    with world.store.transaction() as conn:
        (found,) = list_deliveries(conn, 3012, now=datetime.now(UTC), destination=chosen)
    return found


async def test_what_a_late_request_undid_is_told_once_more(world: World, hours: Hours) -> None:
    hold_back(world)
    async with sending(world, hours):
        world.wish("u1", {"vip"})
        await world.wait_until(lambda: world.row("u1")["in_doubt"])
        world.wish("u1", {"new"})
        await world.wait_idle()
        assert world.at_braze("u1") == {"new"}
        await let_go(world)
        assert world.at_braze("u1") == {"new", "vip"}, "the late request spoils what was told"
        assert look(world).uncertain == 1

        hours.pass_a_life()
        await world.wait_until(lambda: world.uncertain() == 0)

    assert world.at_braze("u1") == {"new"}
    assert world.requests()[-1] == [
        {"external_id": "u1", "lytics_segments": {"add": ["new"], "remove": ["vip"]}}
    ]
    assert look(world).told_again == 1
    assert (look(world).added, look(world).removed) == (1, 1)


async def test_a_change_in_between_and_all_late_requests_are_told_of(
    world: World, hours: Hours
) -> None:
    hold_back(world, times=2)
    async with sending(world, hours):
        world.wish("u1", {"vip", "old"})
        await world.wait_until(lambda: world.row("u1")["in_doubt"])
        world.wish("u1", {"loyal"})
        await world.wait_until(lambda: "loyal" in str(world.row("u1")["in_doubt"]))
        world.wish("u1", {"vip"})
        await world.wait_idle()
        await let_go(world, requests=2)
        world.wish("u1", {"vip", "fresh"})
        await world.wait_idle()
        hours.pass_a_life()
        await world.wait_until(lambda: world.uncertain() == 0)

    assert world.at_braze("u1") == {"vip", "fresh"}
    assert world.requests()[-1][0]["lytics_segments"] == {
        "add": ["fresh", "vip"],
        "remove": ["loyal", "old"],
    }


async def test_a_second_telling_without_an_answer_is_followed_by_another(
    world: World, hours: Hours
) -> None:
    hold_back(world)
    async with sending(world, hours):
        world.wish("u1", {"vip"})
        await world.wait_until(lambda: world.row("u1")["told"])
        hold_back(world)
        hours.pass_a_life()
        await world.wait_until(lambda: world.row("u1")["in_doubt"])
        await world.wait_idle()
        assert look(world).uncertain == 1

        hours.pass_a_life()
        await world.wait_until(lambda: world.uncertain() == 0)
        await let_go(world, requests=2)

    assert world.at_braze("u1") == {"vip"}
    assert look(world).told_again == 1


async def test_nothing_is_told_again_where_nothing_was_in_doubt(world: World, hours: Hours) -> None:
    async with sending(world, hours):
        world.wish_many(["u1", "u2"], {"vip"})
        await world.wait_idle()
        world.sandbox.engine.faults.plan(Fault(path="/users/track", status=429, retry_after=0))
        world.wish("u1", {"new"})
        await world.wait_idle()
        sent = len(world.requests())
        hours.pass_a_life()
        world.wish("u2", {"new"})
        await world.wait_idle()

    assert len(world.requests()) == sent + 1
    assert world.requests()[-1][0]["external_id"] == "u2"
    assert (look(world).told_again, look(world).uncertain) == (0, 0)


async def test_what_a_killed_sender_had_under_way_is_told_once_more(
    store: Store, sandbox: BrazeSandbox, tmp_path: Path
) -> None:
    world = World(store, load_or_create(tmp_path / "keys"), sandbox)
    world.set_up()
    world.configure(request_life_seconds=str(LIFE))
    hours = Hours()
    hold_back(world)
    world.wish("u1", {"vip"})
    child = await asyncio.create_subprocess_exec(
        sys.executable, str(SCRIPT), store.url, str(tmp_path / "keys")
    )
    try:
        await world.wait_until(lambda: sandbox.engine.faults.held())
    finally:
        child.kill()
        await child.wait()
    async with world.sending(clock=hours):
        world.wish("u1", set())
        await world.wait_until(lambda: world.row("u1")["pending"] is False)
    await let_go(world)
    assert world.at_braze("u1") == {"vip"}

    hours.pass_a_life()
    async with world.sending(clock=hours):
        await world.wait_until(lambda: world.uncertain() == 0)

    assert world.at_braze("u1") == set()


async def test_values_of_a_paused_job_are_told_again_when_it_goes_on(
    world: World, hours: Hours
) -> None:
    job = world.add_job({"vip": "vip"})
    world.add_job({"new": "new"})
    hold_back(world)
    async with sending(world, hours):
        world.wish("u1", {"vip", "new"})
        await world.wait_until(lambda: world.row("u1")["in_doubt"])
        world.wish("u1", set())
        await world.wait_idle()
    world.set_job_state(job, "paused")
    await let_go(world)
    hours.pass_a_life()
    async with sending(world, hours):
        await world.wait_until(lambda: world.at_braze("u1") == {"vip"})
        assert look(world).uncertain == 1

        world.set_job_state(job, "running")
        await world.wait_until(lambda: world.uncertain() == 0)

    assert world.at_braze("u1") == set()


async def test_of_attributes_only_uncertain_ones_are_told_again_and_whole(
    world: World, hours: Hours
) -> None:
    fields = world.add_destination("", form="attributes")
    async with sending(world, hours):
        wish_values(world, fields, {"plan": {"name": "gold", "seats": 3}, "city": "Oslo"})
        await world.wait_idle()
        hold_back(world)
        wish_values(world, fields, {"plan": {"name": "gold", "seats": 4}, "city": "Oslo"})
        await world.wait_until(lambda: world.row("u1")["in_doubt"])
        wish_values(world, fields, {"plan": {"name": "free"}, "city": "Oslo"})
        await world.wait_idle()
        await let_go(world)
        assert custom(world, "u1")["plan"] == {"name": "free", "seats": 4}
        hours.pass_a_life()
        await world.wait_until(lambda: world.uncertain() == 0)

    assert custom(world, "u1") == {"plan": {"name": "free"}, "city": "Oslo"}
    assert world.requests()[-1] == [{"external_id": "u1", "plan": {"name": "free"}}]


async def test_a_user_is_not_deleted_while_an_older_request_may_make_them_anew(
    world: World, hours: Hours
) -> None:
    gone = world.add_destination("", form="deletion")
    hold_back(world)
    async with sending(world, hours, calm_seconds=0.0):
        world.wish("u1", {"vip"})
        await world.wait_until(lambda: world.row("u1")["in_doubt"])
        world.wish("u1", set())
        await world.wait_until(lambda: world.row("u1")["pending"] is False)
        world.wish("u1", {"deleted"}, destination=gone)
        world.wish("u2", {"deleted"}, destination=gone)
        await world.wait_until(lambda: told(world, "u2", gone))
        assert not told(world, "u1", gone)
        await let_go(world)
        hours.pass_a_life()
        await world.wait_until(lambda: told(world, "u1", gone))

    assert world.at_braze("u1") is None
    assert look(world).uncertain == 0


def told(world: World, recipient: str, destination: int) -> bool:
    with world.store.transaction() as conn:
        found = conn.execute(
            "SELECT told <> '{}' FROM outbox WHERE recipient = %s AND destination = %s",
            (recipient, destination),
        ).fetchone()
    return bool(found and found[0])


def wish_values(world: World, destination: int, values: dict[str, Any]) -> None:
    with world.store.transaction() as conn:
        conn.execute(
            "INSERT INTO outbox AS o (destination, recipient, account, claims, wanted, version)"
            " VALUES (%s, 'u1', 3012, '', CAST(%s AS jsonb), 1)"
            " ON CONFLICT (destination, recipient) DO UPDATE SET"
            " wanted = EXCLUDED.wanted, version = o.version + 1, pending = true",
            (destination, msgspec.json.encode(values).decode()),
        )
