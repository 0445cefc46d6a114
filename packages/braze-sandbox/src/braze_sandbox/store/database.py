"""The SQLite file behind the sandbox."""

import fcntl
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any, TextIO

from braze_sandbox.errors import SandboxError

MEMORY = ":memory:"
# A state of an older version cannot be read: its tables lack columns.
_VERSION = 2
_CHECKPOINT_PAGES = 8000


class StateInUseError(SandboxError):
    """Another sandbox serves this state."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"Another sandbox is using the state in {folder}. Stop it, or give --state another "
            "folder."
        )


class StateVersionError(SandboxError):
    """The state was written by another version of this package."""

    def __init__(self, folder: str, version: int) -> None:
        cure = "Upgrade braze-sandbox, or give" if version > _VERSION else "Give"
        super().__init__(
            f"The state in {folder} has version {version}, this sandbox reads {_VERSION}. "
            f"{cure} --state an empty folder."
        )


class Database:
    """One connection to the state; `:memory:` keeps it until the end of the process."""

    def __init__(self, state: str | Path, *, survive_power_cut: bool = False) -> None:
        """Open or create the state.

        Write-ahead logging makes a commit an append that the operating system holds as soon as it
        returns, so that it survives SIGKILL; `survive_power_cut` also waits for the disk.
        """
        self._connection = sqlite3.connect(_file_of(state), isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        level = "FULL" if survive_power_cut else "NORMAL"
        self._connection.execute(f"PRAGMA synchronous={level}")
        self._connection.execute("PRAGMA busy_timeout=5000")
        self._connection.execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT_PAGES}")
        self._prepare(str(state))

    def _prepare(self, state: str) -> None:
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        if version not in (0, _VERSION):
            self._connection.close()
            raise StateVersionError(state, version)
        schema = files("braze_sandbox.store").joinpath("schema.sql").read_text("utf-8")
        self._connection.executescript(schema)
        self._connection.execute(f"PRAGMA user_version={_VERSION}")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what the block writes all together, or nothing of it."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def run(self, statement: str, values: tuple[Any, ...] = ()) -> sqlite3.Cursor:
        """Run one statement."""
        return self._connection.execute(statement, values)

    def run_many(self, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Run one statement for each row."""
        self._connection.executemany(statement, rows)

    def rows(self, statement: str, values: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a query."""
        return iter(self._connection.execute(statement, values))

    def close(self) -> None:
        """Close the state; what was committed stays."""
        self._connection.close()


def lock_state(folder: Path) -> TextIO:
    """Return an open lock on `folder`; it ends when closed or when the process dies.

    Raise StateInUseError if another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    handle = (folder / "lock").open("w", encoding="utf-8")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        handle.close()
        raise StateInUseError(folder) from error
    return handle


def _file_of(state: str | Path) -> str:
    if str(state) == MEMORY:
        return MEMORY
    folder = Path(state)
    folder.mkdir(parents=True, exist_ok=True)
    return str(folder / "sandbox.sqlite3")
