"""Which step of a batch takes a worker's time, as shares; Python's profiler counts for it."""

import cProfile
import pstats
import time
from collections.abc import Callable, Mapping
from pathlib import PurePath

import msgspec

# Each step with the functions that do it, as (folder of the stage, function); none calls another.
STEPS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "read": (("eventlog", "read_after"), ("eventlog", "mark_seen")),
    "map": (("mapping", "map"),),
    "load": (("identity", "find_owners"), ("profiles", "lock_profiles"), ("identity", "know")),
    "resolve": (("identity", "resolve"),),
    "fold": (("profiles", "fold"),),
    "evaluate": (("run", "conclude"),),
    "write": (("run", "write"), ("identity", "save_owners"), ("profiles", "write_timeline")),
}
WHOLE = ("worker", "process")
FOLDERS = {"fold": "fold.py", "process": "loop.py"}
"""The modules of functions whose name another module of the stage uses too."""


class Shares(msgspec.Struct, frozen=True):
    """Seconds of the processor by step, and of whole batches."""

    steps: Mapping[str, float]
    whole: float

    def percent(self) -> dict[str, int]:
        """Return how many of a hundred each step takes; what none of them takes is `rest`."""
        found = {
            f"{step}_percent": round(100 * taken / self.whole) for step, taken in self.steps.items()
        }
        return {**found, "rest_percent": 100 - sum(found.values())}


def watch(run: Callable[[], object]) -> Shares:
    """Run something under the profiler, which makes it several times as slow."""
    profiler = cProfile.Profile(time.thread_time)
    profiler.runcall(run)
    taken: dict[tuple[str, str], float] = {}
    # The type stubs do not know of `stats`: (file, line, function) to figures, the fourth of which
    # are the seconds with all that the function calls.
    for (file, _, name), figures in pstats.Stats(profiler).stats.items():  # type: ignore[attr-defined]
        path = PurePath(file)
        if "coterie" in path.parts and FOLDERS.get(name, path.name) == path.name:
            place = (path.parent.name, name)
            taken[place] = taken.get(place, 0.0) + figures[3]
    steps = {step: sum(taken.get(place, 0.0) for place in places) for step, places in STEPS.items()}
    return Shares(steps, taken[WHOLE])
