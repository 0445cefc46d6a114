"""Watches and ends the processes of one embedded PostgreSQL server from the outside."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import structlog

log = structlog.get_logger(__name__)

POLL_SECONDS = 0.02
ORPHAN_SECONDS = 3.0


class Postmaster(msgspec.Struct, frozen=True, kw_only=True):
    """What `postmaster.pid` says about a server; `is_ready` once it takes connections."""

    pid: int
    socket_dir: Path | None
    is_ready: bool


def read_postmaster(pgdata: Path) -> Postmaster | None:
    """Return what the server's own file says, or None without a file or before it is complete."""
    try:
        lines = (pgdata / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        pid = int(lines[0])
    except (FileNotFoundError, ValueError, IndexError):
        return None
    # Lines: pid, data folder, start time, port, socket folder, address, shared memory, status.
    socket_dir = Path(lines[4]) if len(lines) > 4 and lines[4] else None
    is_ready = len(lines) > 7 and lines[7].strip() == "ready"
    return Postmaster(pid=abs(pid), socket_dir=socket_dir, is_ready=is_ready)


def find_live_postmaster(pgdata: Path) -> Postmaster | None:
    """Return the server that runs on `pgdata` now, or None; a left-over file does not count.

    The process number may belong to a stranger by now, so the command line is what decides.
    """
    noted = read_postmaster(pgdata)
    if noted is None:
        return None
    if not Path("/proc/self").exists():
        return noted if is_alive(noted.pid) else None
    words = _command_line(noted.pid)
    is_ours = len(words) > 2 and Path(words[0]).name == "postgres" and str(pgdata) in words
    return noted if is_ours else None


def find_children(name: str) -> list[int]:
    """Return the processes whose title says that they serve the cluster `name`."""
    title = f"postgres: {name}: "
    return [pid for pid in _all_processes() if " ".join(_command_line(pid)).startswith(title)]


def find_processes(word: str) -> list[int]:
    """Return the processes that have `word` among the words of their command line."""
    return [pid for pid in _all_processes() if word in _command_line(pid)]


def is_alive(pid: int) -> bool:
    """Answer whether the process runs; one that ended and was not waited for does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    with contextlib.suppress(OSError):
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        return state.rpartition(")")[2].split()[0] != "Z"
    return True


def send(pids: list[int], number: signal.Signals) -> None:
    """Send a signal to each process that is still there."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def end_orphans(name: str) -> list[int]:
    """End what a killed server of the cluster `name` left behind; return what does not end.

    The database files cannot be opened before that.
    """
    for number in (None, signal.SIGQUIT, signal.SIGKILL):
        left = find_children(name)
        if left and number is not None:
            log.info("postgres.orphans.ending", processes=len(left), signal=number.name)
            send(left, number)
        if wait_until(lambda: not find_children(name), seconds=ORPHAN_SECONDS):
            return []
    return find_children(name)


def wait_until(is_true: Callable[[], bool], *, seconds: float) -> bool:
    """Wait until `is_true()`, at most `seconds`; answer whether it came true."""
    deadline = time.monotonic() + seconds
    while not is_true():
        if time.monotonic() >= deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def _all_processes() -> Iterator[int]:
    with contextlib.suppress(FileNotFoundError):
        yield from (int(entry.name) for entry in os.scandir("/proc") if entry.name.isdigit())


def _command_line(pid: int) -> list[str]:
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return []
    return [word.decode("utf-8", "replace") for word in raw.split(b"\0") if word]
