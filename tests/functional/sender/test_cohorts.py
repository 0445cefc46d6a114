"""Cohorts through the sender: full requests, doubt, and kills."""

import asyncio
import sys
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import msgspec
from tests.functional.sender.conftest import ACCOUNT, World

from braze_sandbox.model.cohort import Partner
from braze_sandbox.model.fault import Fault
from braze_sandbox.sandbox import BrazeSandbox
from braze_sandbox.store.state import DEFAULT_WORKSPACE
from coterie.base.keyfile import load_or_create
from coterie.control.authorizations import get_authorization
from coterie.store import Store

SCRIPT = Path(__file__).with_name("sender_process.py")
KEYS = {
    "cohort_partner": "acme",
    "cohort_partner_key": "partner-key",
    "cohort_import_key": "import-key",
}
USERS = "/partners/acme/cohorts/users"
LIFE = 3_600


def open_cohorts(world: World, users: Iterable[str], **changes: str) -> None:
    """Let the sandbox know a partner and users; from now on wishes are for cohorts."""
    state = world.sandbox.engine.state
    partner = Partner(
        id="acme",
        partner_api_key="partner-key",
        client_secret="import-key",
        created_at=datetime.now(UTC),
    )
    workspace = state.workspaces[DEFAULT_WORKSPACE]
    state.put(workspace, partner)
    world.configure(**KEYS, **changes)
    track = world.destination
    world.wish_many(list(users), {"known"}, destination=track)
    world.destination = world.add_destination("", form="cohorts")


def held(world: World, recipient: str) -> set[str]:
    profile = world.sandbox.engine.state.workspaces[DEFAULT_WORKSPACE].profiles.find_external(
        recipient
    )
    assert profile is not None
    return {cohort.removeprefix("acme/") for cohort in profile.cohorts}


def sent(world: World) -> list[dict[str, Any]]:
    """Return the bodies about users that the sandbox saw, oldest first."""
    entries = world.sandbox.engine.journal.newest(limit=10_000, path=USERS, status=None, after=0)
    return [msgspec.json.decode(entry.request) for entry in entries][::-1]


def row(world: World, recipient: str) -> dict[str, Any]:
    """Return what a user's row says of cohorts."""
    with world.store.transaction() as conn:
        found = conn.execute(
            "SELECT ARRAY(SELECT jsonb_object_keys(told) ORDER BY 1),"
            " ARRAY(SELECT jsonb_object_keys(in_doubt) ORDER BY 1), uncertain, parked"
            " FROM outbox WHERE recipient = %s AND destination = %s",
            (recipient, world.destination),
        ).fetchone()
    assert found is not None
    return dict(zip(("told", "in_doubt", "uncertain", "parked"), found, strict=True))


async def test_requests_are_as_full_as_braze_allows(world: World) -> None:
    users = [f"u{number}" for number in range(1_500)]
    open_cohorts(world, users)
    async with world.sending():
        await world.wait_idle()
    world.wish_many(users[500:], {"a", "b"})
    world.wish_many(users[:500], {"c"})

    async with world.sending():
        await world.wait_idle()

    sizes = [
        (body["cohort_id"], len(change["user_ids"]))
        for body in sent(world)
        for change in body["cohort_changes"]
    ]
    assert sorted(sizes) == [("a", 1_000), ("b", 1_000), ("c", 500)]
    assert held(world, "u0") == {"c"}
    assert held(world, "u1499") == {"a", "b"}


async def test_what_a_late_request_undid_in_one_cohort_is_told_of_that_cohort(
    world: World,
) -> None:
    # Of equally common ones the last in order is told first.
    late, ahead = "b", timedelta()
    open_cohorts(world, ["u1"], request_life_seconds=str(LIFE))
    async with world.sending(timeout=1.0, clock=lambda: datetime.now(UTC) + ahead):
        await world.wait_idle()
        world.sandbox.engine.faults.plan(Fault(path=USERS, hold=True, times=1))
        world.wish("u1", {"a", "b"})
        await world.wait_until(lambda: row(world, "u1")["uncertain"])
        world.wish("u1", {"c"})
        await world.wait_idle()
        assert held(world, "u1") == {"c"}
        assert world.sandbox.engine.faults.release() == 1
        await world.wait_until(lambda: held(world, "u1") == {"c", late})
        before = len(sent(world))

        ahead += timedelta(seconds=LIFE)
        await world.wait_until(lambda: world.uncertain() == 0)

    assert held(world, "u1") == {"c"}
    again = {body["cohort_id"]: body["cohort_changes"] for body in sent(world)[before:]}
    assert again[late] == [{"user_ids": ["u1"], "should_remove": True}]


async def test_a_refusal_parks_the_users_it_concerns_and_no_others(world: World) -> None:
    users = [f"u{number}" for number in range(4)]
    open_cohorts(world, users)
    async with world.sending():
        await world.wait_idle()
        # An empty id is what Braze cannot read; whoever has one is found by halving the request.
        world.wish_many(users[:2], {""})
        world.wish_many(users[2:], {"a"})
        await world.wait_idle()

    assert [row(world, user)["parked"] is not None for user in users] == [True, True, False, False]
    assert "cohort_id must be a valid string" in row(world, "u0")["parked"]
    assert held(world, "u3") == {"a"}


async def test_wrong_keys_stop_the_cohorts_alone_until_there_are_right_ones(world: World) -> None:
    track = world.destination
    open_cohorts(world, ["u1"])
    world.configure(**{**KEYS, "cohort_partner_key": "another"})
    async with world.sending():
        world.wish("u1", {"a"})
        await world.wait_until(lambda: health(world) == ("unhealthy", True))
        # What else the authorization does works, which does not make the cohorts well.
        for value in ("one", "two", "three"):
            world.wish("u1", {value}, destination=track)
            await world.wait_until(lambda: world.at_braze("u1") == {value})  # noqa: B023
        assert health(world) == ("unhealthy", True)
        assert held(world, "u1") == set()

        world.configure(**KEYS)
        await world.wait_idle()

    assert held(world, "u1") == {"a"}
    assert health(world)[0] != "unhealthy"


def health(world: World) -> tuple[str, bool]:
    """Return the health of the authorization, and whether it says what to do about cohorts."""
    found = get_authorization(world.store, ACCOUNT, world.authorization_id)
    return found.health, "Partner Integrations" in (found.health_detail or "")


async def test_a_killed_sender_leaves_cohorts_as_they_shall_be(
    store: Store, sandbox: BrazeSandbox, tmp_path: Path
) -> None:
    seed = time.time_ns() % 1_000_000
    chance = Random(seed)
    key_file = tmp_path / "keys"
    world = World(store, load_or_create(key_file), sandbox)
    world.set_up()
    users = [f"u{number}" for number in range(60)]
    open_cohorts(world, users, request_life_seconds="3")
    async with world.sending():
        await world.wait_idle()
    # A slow destination makes it likely that the kill hits requests under way, which it finishes.
    sandbox.engine.faults.plan(Fault(path=USERS, delay_seconds=0.03, times=None))
    wanted: dict[str, set[str]] = {}

    for is_last in (False, True):
        child = await asyncio.create_subprocess_exec(
            sys.executable, str(SCRIPT), store.url, str(key_file)
        )
        try:
            seen = len(sent(world))
            await asyncio.to_thread(change_wishes, world, users, wanted, chance)
            if is_last:
                await world.wait_until(lambda: not world.pending() and not world.uncertain())
            else:
                await world.wait_until(lambda: len(sent(world)) > seen)  # noqa: B023
        finally:
            child.kill()
            await child.wait()

    assert {user: held(world, user) for user in wanted} == wanted, f"seed {seed}"


def change_wishes(
    world: World, users: list[str], wanted: dict[str, set[str]], chance: Random
) -> None:
    for user in chance.sample(users, 40):
        wanted[user] = {cohort for cohort in "abcd" if chance.random() < 0.5}
        world.wish(user, wanted[user])
