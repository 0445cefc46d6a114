"""Kills parts of a running product without warning."""

import contextlib
import os
import signal
import time
from collections.abc import Sequence
from concurrent.futures import Future, wait
from pathlib import Path
from random import Random

from coterie.store.folder import Folder
from coterie.store.postmaster import find_children, find_live_postmaster

VICTIMS = (
    "worker-1",
    "jobs",
    "sender",
    "web",
    "web server",
    "postmaster",
    "a backend",
    "postgres",
    "supervisor",
    "everything",
)


# Those that the others hardly miss, so that a second blow finds the product at work.
LIGHT = ("worker-1", "jobs", "sender", "web server", "a backend")
LONGEST_WAIT = 0.6
SECOND_BLOW = 0.3
PATIENCE = 60.0


class Killer:
    """Kills one victim after the other, each at a random moment of a round."""

    def __init__(self, victims: Sequence[str], chance: Random) -> None:
        self._victims = list(victims)
        self._chance = chance
        self.killed: list[str] = []

    def strike(self, data_dir: Path, sending: Sequence[Future[None]], *, at_jobs: bool) -> None:
        """Kill the round's victim, at times another one soon after; the jobs if they are busy."""
        if not self._victims:
            return
        blows = [self._victims.pop()]
        if at_jobs:
            blows.insert(0, "jobs")
        elif self._chance.random() < SECOND_BLOW:
            blows.append(self._chance.choice(LIGHT))
        for victim in blows:
            wait(sending, timeout=self._chance.uniform(0, LONGEST_WAIT))
            kill(wait_for_victims(data_dir, victim))
            self.killed.append(victim)


def draw_victims(chance: Random, rounds: int) -> list[str]:
    """Return a victim for each round: every kind once before any comes twice."""
    victims: list[str] = []
    while len(victims) < rounds:
        victims += chance.sample(VICTIMS, k=len(VICTIMS))
    return victims[:rounds]


def wait_for_victims(data_dir: Path, what: str) -> list[int]:
    """Return the processes of a victim, once they are there: the last kill may have taken them."""
    deadline = time.monotonic() + PATIENCE
    while not (found := find_victims(data_dir, what)):
        assert time.monotonic() < deadline, f"{what} did not come back"
        time.sleep(0.02)
    return found


def find_victims(data_dir: Path, what: str) -> list[int]:
    """Return the processes behind the name of a victim; none if it is down at the moment."""
    processes = find_processes(data_dir)
    folder = Folder.at(data_dir)
    postmaster = find_live_postmaster(folder.pgdata)
    main = [postmaster.pid] if postmaster else []
    backends = find_children(folder.name)
    if what == "postmaster":
        return main
    if what == "a backend":
        return backends[-1:]
    if what == "postgres":
        return main + backends
    if what == "everything":
        return [*processes, *main, *backends]
    if what == "supervisor":
        return [pid for pid, words in processes.items() if words[-1] == "up"]
    role = "web" if what.startswith("web") else what.removesuffix("-1")
    serving = {pid: words for pid, words in processes.items() if ["--role", role] == words[-4:-2]}
    is_child = {pid for pid in serving if _parent(pid) in serving}
    if what == "web server":
        return sorted(is_child)
    return sorted(serving.keys() - is_child)


def find_processes(data_dir: Path) -> dict[int, list[str]]:
    """Return our own processes that run on a data folder, with their command lines."""
    mark = f"COTERIE_DATA_DIR={data_dir}".encode()
    found = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):
                if mark in Path(entry.path, "environ").read_bytes().split(b"\0"):
                    words = Path(entry.path, "cmdline").read_bytes().decode().split("\0")
                    found[int(entry.name)] = words[:-1]
    return {pid: words for pid, words in found.items() if words[1:3] == ["-m", "coterie"]}


def kill(pids: list[int]) -> None:
    """Give no process the time for a last word."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _parent(pid: int) -> int:
    with contextlib.suppress(OSError):
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
        return int(stat.rpartition(")")[2].split()[1])
    return 0
