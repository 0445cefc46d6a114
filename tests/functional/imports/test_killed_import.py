import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from tests.functional.imports.conftest import ImportWorld

SCRIPT = Path(__file__).with_name("import_process.py")
ROWS = 16_000
KILLS = 3
PROVED = 10
DEADLINE = 240.0


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.mark.parametrize(
    "seed",
    [
        time.time_ns() % 1_000_000,
        *(pytest.param(seed, marks=pytest.mark.prove) for seed in range(PROVED)),
    ],
    ids=lambda seed: f"seed-{seed}" if seed < PROVED else "rotating-seed",
)
def test_an_import_killed_at_any_point_loses_and_doubles_no_row(
    world: ImportWorld, seed: int
) -> None:
    chance = Random(seed)
    lines = [f"{number},{'x' * 20}" for number in range(ROWS)]
    lines[5_000] = "5000"
    world.write("users.csv", "id,note\n" + "\n".join(lines) + "\n")
    job = world.add_job(filename="users.csv")

    def rows_done() -> int:
        return world.files()[0][1] if world.files() else 0

    for kill in range(KILLS + 1):
        goal = chance.randrange(ROWS * kill // (KILLS + 1), ROWS * (kill + 1) // (KILLS + 1))
        child = subprocess.Popen(
            [sys.executable, str(SCRIPT), world.store.url, str(world.bench.settings.data_dir)]
        )
        try:
            if kill < KILLS:
                wait_until(lambda: rows_done() > goal)  # noqa: B023
            else:
                wait_until(lambda: world.job(job)["state"] == "completed")
        finally:
            child.kill()
            child.wait()

    ids = sorted(int(event["id"]) for event in world.events())
    assert ids == [number for number in range(ROWS) if number != 5_000], f"seed {seed}"
    assert [position for position, _, _ in world.rejected()] == ["users.csv, line 5002"]
    assert world.files() == [("users.csv", ROWS, 1, "done")]
    assert world.job(job)["progress_done"] == ROWS
