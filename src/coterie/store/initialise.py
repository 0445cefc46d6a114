"""Makes the database files of a new embedded server."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import structlog

from coterie.base.errors import PermanentError
from coterie.store.binaries import Binaries
from coterie.store.folder import SUPERUSER, Folder
from coterie.store.postmaster import find_processes, send
from coterie.store.privileges import Account

log = structlog.get_logger(__name__)

FIRST_WITH_OWN_LOCALE = 17


class InitialiseError(PermanentError):
    """The database files could not be made."""

    code = "postgresql_initialise"

    def __init__(self, *, folder: Path, output: str) -> None:
        super().__init__(
            f"PostgreSQL could not make its files in {folder}. Its last words: {output.strip()}. "
            "Cure what they name (often a full disk), then start again; nothing was left behind."
        )


def initialise(folder: Folder, *, account: Account, binaries: Binaries, durable: bool) -> None:
    """Make `folder.pgdata`, whole or not at all. Raises InitialiseError.

    The files grow beside their place and are renamed at the end, so that a kill half-way leaves
    nothing that looks like a database.
    """
    started = time.monotonic()
    fresh = Path(tempfile.mkdtemp(prefix="new-", dir=folder.server))
    account.give(fresh)
    done = subprocess.run(  # noqa: S603 - a fixed program with our own paths
        account.command(
            _words(fresh, binaries=binaries, durable=durable), reach=[*binaries.needs, fresh]
        ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
        cwd="/",
        env=server_environment(),
    )
    if done.returncode != 0:
        shutil.rmtree(fresh)
        raise InitialiseError(folder=folder.root, output=done.stdout[-2000:])
    fresh.rename(folder.pgdata)
    if durable:
        _sync(folder.server)
    log.info("postgres.initialised", seconds=round(time.monotonic() - started, 2))


def clear_half_made(folder: Folder) -> None:
    """Remove what an `initialise` that was killed half-way left, and end its programs."""
    for stale in folder.server.glob("new-*"):
        send(find_processes(str(stale)), signal.SIGKILL)
        # Its helpers end by themselves, and what they still write is removed at the next start.
        shutil.rmtree(stale, ignore_errors=True)


def server_environment() -> dict[str, str]:
    """Return the environment for PostgreSQL's programs, free of what would sway them.

    Our own settings stay out of it: they hold secrets, and the server may run as another user.
    """
    left_out = ("PG", "LC_", "COTERIE_")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(left_out)}
    return kept | {"LC_ALL": "C", "TZ": "UTC"}


def _words(fresh: Path, *, binaries: Binaries, durable: bool) -> list[str]:
    # The built-in locale sorts alike on every system, so that no upgrade of a C library breaks
    # an index.
    locale = ["--locale=C"]
    if binaries.major >= FIRST_WITH_OWN_LOCALE:
        locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    words = [str(binaries.initdb), "-D", str(fresh), "-U", SUPERUSER, "-E", "UTF8", *locale]
    words += ["--auth=trust", "--no-instructions", "--data-checksums"]
    return words if durable else [*words, "--no-sync"]


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
