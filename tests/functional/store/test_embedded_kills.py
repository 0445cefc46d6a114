import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import psycopg
import pytest

from coterie.store import Embedded, Store, StoreUnavailableError, find_running
from coterie.store.folder import Folder
from coterie.store.postmaster import find_children, find_live_postmaster, wait_until

# An owner that brings its server back whenever it is gone, until it is killed itself.
OWNER = """
import sys, time
from pathlib import Path
from coterie.store import Embedded
server = Embedded.open(Path(sys.argv[1]), owner="the first owner", shared_buffers_mb=16)
while True:
    server.ensure_running()
    time.sleep(0.05)
"""
SEED = int(os.environ.get("COTERIE_TEST_SEED", time.time_ns() % 1_000_000))


class Writer(threading.Thread):
    """Inserts 0, 1, 2, … and counts what the server said was committed."""

    def __init__(self, data_dir: Path) -> None:
        super().__init__()
        self.data_dir = data_dir
        self.committed = 0
        self.is_done = threading.Event()

    def run(self) -> None:
        while not self.is_done.is_set():
            with suppress(psycopg.Error):
                self.write_until_cut(find_running(self.data_dir))

    def write_until_cut(self, url: str | None) -> None:
        if url is None:
            self.is_done.wait(0.01)
            return
        with closing(psycopg.connect(url, autocommit=True)) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS kept (n bigint PRIMARY KEY)")
            while not self.is_done.is_set():
                connection.execute(
                    "INSERT INTO kept VALUES (%s) ON CONFLICT DO NOTHING", [self.committed]
                )
                self.committed += 1


class Owner:
    """A process that owns the folder, put back when it was killed."""

    def __init__(self, data_dir: Path) -> None:
        self.words = [sys.executable, "-c", OWNER, str(data_dir)]
        self.process = self.start()

    def start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self.words, stdout=subprocess.DEVNULL)

    def put_back(self) -> bool:
        """Answer whether the process had to be put back."""
        if self.process.poll() is not None:
            assert self.process.returncode == -signal.SIGKILL, "the owner gave up by itself"
            self.process = self.start()
            return True
        return False

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "data"
    with Embedded.open(tmp_path / "data", owner="the end of a test", shared_buffers_mb=16):
        pass


def victims(what: str, *, owner: Owner, folder: Folder) -> list[int]:
    running = find_live_postmaster(folder.pgdata)
    main = [running.pid] if running else []
    children = find_children(folder.name)
    return {
        "owner": [owner.process.pid],
        "server": main,
        "child": children[-1:],
        "everything": [owner.process.pid, *main, *children],
    }[what]


def kill_at_random(data_dir: Path, *, seed: int, seconds: float) -> int:
    """Kill parts of the server at random while a thread writes; return how much was committed."""
    chance = random.Random(seed)
    owner, writer = Owner(data_dir), Writer(data_dir)
    writer.start()
    deadline = time.monotonic() + seconds
    try:
        while time.monotonic() < deadline:
            pause = chance.random() * chance.choice([0.1, 0.5, 2.0])
            assert not writer.is_done.wait(pause)
            owner.put_back()
            what = chance.choice(["owner", "server", "child", "everything"])
            pids = victims(what, owner=owner, folder=Folder.at(data_dir))
            chance.shuffle(pids)
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        # However it went, the folder serves again in the end.
        before = writer.committed
        assert wait_until(lambda: not owner.put_back() and writer.committed > before, seconds=60)
    finally:
        owner.end()
        writer.is_done.set()
        writer.join()
    return writer.committed


def check_kills(data_dir: Path, *, seed: int, seconds: float) -> None:
    print(f"COTERIE_TEST_SEED={seed}")  # noqa: T201 - shown when the test fails

    committed = kill_at_random(data_dir, seed=seed, seconds=seconds)

    with (
        Embedded.open(data_dir, owner="a test", shared_buffers_mb=16) as server,
        psycopg.connect(server.url) as connection,
    ):
        row = connection.execute("SELECT count(*) FROM kept WHERE n < %s", [committed]).fetchone()
    assert row == (committed,)


def test_nothing_committed_is_lost_when_parts_are_killed_at_random(data_dir: Path) -> None:
    check_kills(data_dir, seed=SEED, seconds=8)


@pytest.mark.prove
@pytest.mark.parametrize("seed", range(10))
def test_nothing_committed_is_lost_over_many_kills(data_dir: Path, seed: int) -> None:
    check_kills(data_dir, seed=seed, seconds=40)


def test_a_store_works_again_once_its_server_is_back(data_dir: Path) -> None:
    def answers() -> bool:
        with suppress(StoreUnavailableError), store.transaction() as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
        return False

    with (
        Embedded.open(data_dir, owner="a test", shared_buffers_mb=16) as server,
        Store.open(server.url, min_size=2) as store,
    ):
        running = find_live_postmaster(Folder.at(data_dir).pgdata)
        assert running is not None
        os.kill(running.pid, signal.SIGKILL)
        assert wait_until(lambda: not server.is_running(), seconds=20)

        # Processes that serve a connection outlive the main one by a moment.
        assert wait_until(lambda: not answers(), seconds=20)
        server.ensure_running()

        assert wait_until(answers, seconds=20)
