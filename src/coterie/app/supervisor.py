"""Starts the roles of the product as processes of their own, and keeps them running."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence

import msgspec
import structlog

log = structlog.get_logger()

CHECK_SECONDS = 0.25
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 10.0
# A role that cannot work at all, for want of a setting or a database, ends before this.
STEADY_SECONDS = 5.0


class Role(msgspec.Struct, frozen=True):
    """A process to keep running: `name` is unique among the supervisor's."""

    name: str
    command: tuple[str, ...]


class _Child(msgspec.Struct):
    role: Role
    process: subprocess.Popen[bytes]
    started: float
    early_ends: int = 0
    restart_at: float | None = None


def serve_command(role: str) -> tuple[str, ...]:
    """Return the command that runs one role and ends with this process."""
    return (sys.executable, "-m", "coterie", "serve", "--role", role, "--parent", str(os.getpid()))


class Supervisor:
    """Runs roles until stopped.

    One that ends by itself is started again at once, and ever more slowly if it keeps ending early.
    """

    def __init__(self, roles: Sequence[Role], env: Mapping[str, str], *, drain: float) -> None:
        self._env = dict(env)
        self._drain = drain
        self._children = [self._start(role) for role in roles]

    @property
    def pids(self) -> dict[str, int]:
        """Process id by role name."""
        return {child.role.name: child.process.pid for child in self._children}

    def run(self, stop: threading.Event, each_round: Callable[[], object]) -> None:
        """Watch until `stop` is set; `each_round` is called a few times a second."""
        while not stop.wait(CHECK_SECONDS):
            each_round()
            for child in self._children:
                self._check(child)

    def stop(self) -> None:
        """End all roles: ask, wait until they have finished their work, then insist."""
        for child in self._children:
            if child.process.poll() is None:
                child.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + self._drain
        for child in self._children:
            try:
                child.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                log.warning("supervisor.role.killed", role=child.role.name)
                child.process.kill()
                child.process.wait()

    def _start(self, role: Role) -> _Child:
        # A group of its own: Ctrl-C reaches the supervisor alone, which ends the roles in order.
        process = subprocess.Popen(  # noqa: S603 - the command is ours
            role.command, env=self._env, start_new_session=True
        )
        log.debug("supervisor.role.started", role=role.name, pid=process.pid)
        return _Child(role, process, time.monotonic())

    def _check(self, child: _Child) -> None:
        now = time.monotonic()
        if child.restart_at is None and (code := child.process.poll()) is not None:
            is_early = now - child.started < STEADY_SECONDS
            child.early_ends = child.early_ends + 1 if is_early else 0
            child.restart_at = now + restart_pause(child.early_ends)
            log.warning("supervisor.role.ended", role=child.role.name, code=code)
        if child.restart_at is not None and now >= child.restart_at:
            child.process = self._start(child.role).process
            child.started, child.restart_at = now, None


def restart_pause(early_ends: int) -> float:
    """Return the seconds to wait before the next start, after so many early ends in a row."""
    if early_ends <= 1:
        return 0.0
    return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(early_ends - 2, 10))
