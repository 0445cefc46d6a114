"""Runs the PostgreSQL server that lives in a data folder."""

import signal
import subprocess
import time
from pathlib import Path
from typing import Self

import psycopg
import structlog
from psycopg import sql

from coterie.base.errors import PermanentError
from coterie.store.binaries import Binaries, find_binaries
from coterie.store.folder import DATABASE, Folder, conninfo
from coterie.store.initialise import clear_half_made, initialise, server_environment
from coterie.store.machine import Machine
from coterie.store.ownership import OwnerLock
from coterie.store.postmaster import (
    ORPHAN_SECONDS,
    POLL_SECONDS,
    Postmaster,
    end_orphans,
    find_live_postmaster,
    is_alive,
    read_postmaster,
    send,
    wait_until,
)
from coterie.store.privileges import Account, candidates, is_able
from coterie.store.server_settings import ACCESS_RULES, ServerOptions, render_configuration

log = structlog.get_logger(__name__)

START_SECONDS = 3_600.0  # Replaying 16 GB of write-ahead log on a slow disk takes this long.
STOP_SECONDS = 120.0
START_ATTEMPTS = 3
START_KILLINGS = 20  # A kill says nothing about the data, but what kills every time is told.
PROGRESS_SECONDS = 3.0


class NoAccountError(PermanentError):
    """No account may run PostgreSQL here."""

    code = "no_postgresql_account"

    def __init__(self, *, folder: Path, owner: int | None) -> None:
        files = "" if owner is None else f" Its database files belong to user number {owner}."
        super().__init__(
            f"PostgreSQL cannot run on {folder}: it refuses root, and this process may not take "
            f"another account that can use it and PostgreSQL's programs.{files} Start Coterie as "
            "the user that owns the folder, or set COTERIE_DATABASE_URL."
        )


class ServerStartError(PermanentError):
    """The server gave up; the message holds its last words."""

    code = "postgresql_start"

    def __init__(self, *, folder: Path, output: str) -> None:
        super().__init__(
            f"PostgreSQL did not start on {folder}. Its last words: {output.strip() or 'none'}. "
            "Cure what they name, then start again; the data are untouched."
        )


class DataFolderError(PermanentError):
    """The operating system does not let this process use the data folder."""

    code = "data_folder"

    def __init__(self, *, folder: Path, reason: OSError) -> None:
        where = f" ({reason.filename})" if reason.filename else ""
        super().__init__(
            f"The data folder {folder} cannot be used: {reason.strerror}{where}. Start Coterie as "
            "the user that owns the folder, make room, or set COTERIE_DATA_DIR to another folder."
        )


class Embedded:
    """A running server of a data folder, held by this process until `stop`.

    The server outlives a killed owner; the next owner takes it over or recovers its files.
    """

    def __init__(self, folder: Folder, *, lock: OwnerLock, options: ServerOptions) -> None:
        self._folder = folder
        self._lock = lock
        self._options = options
        self._child: subprocess.Popen[bytes] | None = None
        self.url = ""

    @classmethod
    def open(
        cls,
        data_dir: Path,
        *,
        owner: str,
        shared_buffers_mb: int | None = None,
        durable: bool = True,
    ) -> Self:
        """Make the server of `data_dir` run, and return it.

        `owner` is the command to name to others who want the folder meanwhile. Without
        `shared_buffers_mb` the machine's memory decides. `durable=False` trades crash safety for
        speed, for tests. Raises DataFolderInUseError, DataFolderError,
        NoServerProgramsError, NoAccountError, InitialiseError, ServerStartError.
        """
        folder = Folder.at(data_dir)
        try:
            folder.root.mkdir(mode=0o711, parents=True, exist_ok=True)
            lock = OwnerLock.take(folder.root, command=owner)
        except OSError as error:
            raise DataFolderError(folder=folder.root, reason=error) from error
        options = ServerOptions(shared_buffers_mb=shared_buffers_mb, durable=durable)
        server = cls(folder, lock=lock, options=options)
        try:
            server.ensure_running()
        except BaseException:
            lock.release()
            raise
        return server

    def __enter__(self) -> Self:
        """Return this server."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the server."""
        self.stop()

    def is_running(self) -> bool:
        """Answer whether the server's main process lives; cheap enough to ask every second."""
        self._reap()
        return find_live_postmaster(self._folder.pgdata) is not None

    def ensure_running(self) -> bool:
        """Start the server if it does not run; answer whether it had to be started.

        Raises what `open` raises, but for DataFolderInUseError.
        """
        if self.url and self.is_running():
            return False
        try:
            return self._take_over_or_start()
        except OSError as error:
            raise DataFolderError(folder=self._folder.root, reason=error) from error

    def stop(self) -> None:
        """Stop the server, which ends its connections; then give the folder up. May be repeated."""
        running = find_live_postmaster(self._folder.pgdata)
        if running is not None:
            self._end(running)
            log.info("postgres.stopped", pid=running.pid)
        self._reap()
        self._folder.remove_far_socket_dir()
        self._lock.release()

    def _take_over_or_start(self) -> bool:
        folder = self._folder
        account, binaries = self._choose()
        folder.make(account)
        socket_dir = folder.make_socket_dir(account)
        configuration = render_configuration(
            self._options,
            socket_dir=socket_dir,
            log_dir=folder.log,
            name=folder.name,
            lz4=binaries.lz4,
            machine=Machine.of(folder.root),
        )
        self.url = conninfo(socket_dir)
        if self._take_over(configuration, socket_dir=socket_dir):
            return False
        left = end_orphans(folder.name)
        if left:
            output = f"processes {left} of a killed server do not end"
            raise ServerStartError(folder=folder.root, output=output)
        clear_half_made(folder)
        if not folder.pgdata.exists():
            initialise(folder, account=account, binaries=binaries, durable=self._options.durable)
        account.write(folder.configuration, configuration)
        account.write(folder.access_rules, ACCESS_RULES)
        self._start(account, binaries, socket_dir=socket_dir)
        return True

    def _choose(self) -> tuple[Account, Binaries]:
        folder = self._folder
        binaries = find_binaries(major=folder.major())
        owner = folder.owner()
        for account in candidates(owner):
            if is_able(account, reach=[*binaries.needs, folder.root]):
                return account, binaries
        raise NoAccountError(folder=folder.root, owner=owner)

    def _take_over(self, configuration: str, *, socket_dir: Path) -> bool:
        """Answer whether a server serves that has our settings; end one that has others."""
        running = find_live_postmaster(self._folder.pgdata)
        if running is None:
            return False
        if self._folder.configuration.read_text(encoding="utf-8") != configuration:
            log.info("postgres.restarting", pid=running.pid, reason="settings changed")
            self._end(running)
            return False
        if not self._serves(running.pid, socket_dir=socket_dir):
            return False
        log.info("postgres.reused", pid=running.pid)
        return True

    def _start(self, account: Account, binaries: Binaries, *, socket_dir: Path) -> None:
        folder = self._folder
        words = [str(binaries.postgres), "-D", str(folder.pgdata)]
        words = account.command(words, reach=[*binaries.needs, folder.pgdata])
        failed = killed = 0
        while failed < START_ATTEMPTS and killed < START_KILLINGS:
            started = time.monotonic()
            folder.clear_locks(socket_dir)
            self._bury()
            with folder.startup_log.open("wb") as output:
                child = subprocess.Popen(  # noqa: S603 - a fixed program with our own paths
                    words,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    cwd="/",
                    env=server_environment(),
                )
            self._child = child
            if self._serves(child.pid, socket_dir=socket_dir):
                seconds = round(time.monotonic() - started, 2)
                log.info("postgres.started", pid=child.pid, version=binaries.major, seconds=seconds)
                return
            end_orphans(folder.name)
            was_killed = child.returncode == -signal.SIGKILL or folder.tells_of_killing(child.pid)
            killed += was_killed
            failed += not was_killed
            log.warning("postgres.start.failed", pid=child.pid, killed=was_killed)
        raise ServerStartError(folder=folder.root, output=folder.last_words())

    def _serves(self, pid: int, *, socket_dir: Path) -> bool:
        """Wait until the server takes connections; False if it ended before that."""
        folder = self._folder
        started = shown = time.monotonic()
        reason = "it is not ready"
        while not self._has_ended(pid):
            noted = read_postmaster(folder.pgdata)
            if noted is not None and noted.pid == pid and noted.is_ready:
                try:
                    _create_database(socket_dir)
                except psycopg.OperationalError as error:
                    reason = str(error)
                else:
                    return True
            now = time.monotonic()
            if now - started > START_SECONDS:
                raise ServerStartError(folder=folder.root, output=reason)
            if now - shown > PROGRESS_SECONDS:
                shown = now
                log.info("postgres.recovering", pid=pid, seconds=round(now - started))
            time.sleep(POLL_SECONDS)
        return False

    def _end(self, running: Postmaster) -> None:
        # PostgreSQL calls these fast and immediate shutdown; after the second it recovers.
        for number, seconds in (
            (signal.SIGINT, STOP_SECONDS),
            (signal.SIGQUIT, ORPHAN_SECONDS),
            (signal.SIGKILL, ORPHAN_SECONDS),
        ):
            send([running.pid], number)
            if wait_until(lambda: self._has_ended(running.pid), seconds=seconds):
                return

    def _has_ended(self, pid: int) -> bool:
        self._reap()
        return not is_alive(pid)

    def _bury(self) -> None:
        """Take the exit status of a killed server of ours, which may come a moment late."""
        if self._child is not None:
            self._child.wait(ORPHAN_SECONDS)
            self._child = None

    def _reap(self) -> None:
        if self._child is not None and self._child.poll() is not None:
            self._child = None


def find_running(data_dir: Path) -> str | None:
    """Return the URL of the server that runs on `data_dir` and takes connections, else None.

    Raises DataFolderError if this process may not look.
    """
    folder = Folder.at(data_dir)
    try:
        running = find_live_postmaster(folder.pgdata)
    except OSError as error:
        raise DataFolderError(folder=folder.root, reason=error) from error
    if running is None or not running.is_ready or running.socket_dir is None:
        return None
    return conninfo(running.socket_dir)


def _create_database(socket_dir: Path) -> None:
    with psycopg.connect(conninfo(socket_dir, database="postgres"), autocommit=True) as connection:
        query = "SELECT 1 FROM pg_database WHERE datname = %s"
        if connection.execute(query, [DATABASE]).fetchone() is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
