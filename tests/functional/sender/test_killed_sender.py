import asyncio
import sys
import time
from pathlib import Path
from random import Random

import pytest
from tests.functional.sender.conftest import World

from braze_sandbox.model.fault import Fault
from braze_sandbox.sandbox import BrazeSandbox
from coterie.base.keyfile import load_or_create
from coterie.store import Store

SCRIPT = Path(__file__).with_name("sender_process.py")
VALUES = ["vip", "new", "loyal", "at_risk"]
KILLS = 4
PROVED = 10


@pytest.mark.parametrize(
    "seed",
    [
        time.time_ns() % 1_000_000,
        *(pytest.param(seed, marks=pytest.mark.prove) for seed in range(PROVED)),
    ],
    ids=lambda seed: f"seed-{seed}" if seed < PROVED else "rotating-seed",
)
async def test_a_sender_killed_at_any_point_loses_and_doubles_nothing(
    store: Store, sandbox: BrazeSandbox, tmp_path: Path, seed: int
) -> None:
    chance = Random(seed)
    key_file = tmp_path / "keys"
    world = World(store, load_or_create(key_file), sandbox)
    world.set_up()
    world.configure(objects_per_request="20", request_life_seconds="3")
    wanted: dict[str, set[str]] = {}
    # A slow destination makes it likely that the kill hits requests under way, which it finishes.
    sandbox.engine.faults.plan(Fault(path="/users/track", delay_seconds=0.03, times=None))

    for round_number in range(KILLS + 1):
        child = await asyncio.create_subprocess_exec(
            sys.executable, str(SCRIPT), store.url, str(key_file)
        )
        try:
            seen = len(world.requests())
            await asyncio.to_thread(change_wishes, world, wanted, chance)
            if round_number < KILLS:
                await world.wait_until(lambda: len(world.requests()) > seen)  # noqa: B023
                await asyncio.to_thread(change_wishes, world, wanted, chance)
                await asyncio.sleep(chance.uniform(0, 0.1))
            else:
                await world.wait_until(lambda: not world.pending() and not world.uncertain())
        finally:
            child.kill()
            await child.wait()

    held = {name: world.at_braze(name) or set() for name in wanted}
    assert held == wanted, f"seed {seed}"
    assert all(world.row(name)["in_doubt"] == [] for name in wanted)


def change_wishes(world: World, wanted: dict[str, set[str]], chance: Random) -> None:
    for _ in range(60):
        name = f"u{chance.randrange(150)}"
        wanted[name] = {value for value in VALUES if chance.random() < 0.5}
        world.wish(name, wanted[name])
