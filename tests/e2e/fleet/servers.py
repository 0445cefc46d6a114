"""Several collectors and workers on one PostgreSQL, each a process that is killed and replaced."""

import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from random import Random

import httpx
import msgspec
from tests.e2e.crash.product import product_environment, wait_until

from coterie.app.up import free_port


class Server(msgspec.Struct):
    """A role that runs, and where it answers if it is a collector."""

    role: str
    port: int
    process: subprocess.Popen[bytes]

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"


class Fleet:
    """As many machines as asked for, of which each may die at any moment."""

    def __init__(self, folder: Path, url: str, *, collectors: int, workers: int) -> None:
        self._folder, self._url = folder, url
        self.killed: list[str] = []
        roles = ["web"] * collectors + ["worker"] * workers
        self.servers = [self._start(role, free_port("127.0.0.1")) for role in roles]

    @property
    def addresses(self) -> list[str]:
        """Where the collectors answer, whether they live or not."""
        return [server.address for server in self.servers if server.role == "web"]

    def wait_until_ready(self) -> None:
        """Return once every collector takes events."""
        for server in self.servers:
            if server.role == "web":
                wait_until(partial(self._is_ready, server), "ready", self.last_words)

    def kill(self, chance: Random, *, role: str) -> None:
        """Kill one of a role, with all that it started, and put another in its place."""
        victim = chance.choice([server for server in self.servers if server.role == role])
        os.killpg(victim.process.pid, signal.SIGKILL)
        victim.process.wait()
        self.killed.append(role)
        self.servers.remove(victim)
        self.servers.append(self._start(role, victim.port))

    def stop(self) -> None:
        """Kill all that is left."""
        for server in self.servers:
            if server.process.poll() is None:
                os.killpg(server.process.pid, signal.SIGKILL)
            server.process.wait()

    def last_words(self) -> str:
        """Return the end of what they logged."""
        logs = sorted(self._folder.glob("*.log"))
        return "\n".join(log.read_text(encoding="utf-8")[-2_000:] for log in logs)

    def _is_ready(self, server: Server) -> bool:
        try:
            return httpx.get(f"{server.address}/health/ready", timeout=5).is_success
        except httpx.HTTPError:
            return False

    def _start(self, role: str, port: int) -> Server:
        plain = product_environment(self._folder / "data", port=port)
        env = {**plain, "COTERIE_DATABASE_URL": self._url, "COTERIE_BATCH_SIZE": "50"}
        with (self._folder / f"{role}-{port}.log").open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "coterie", "serve", "--role", role],
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        return Server(role, port, process)
