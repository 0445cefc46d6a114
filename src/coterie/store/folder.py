"""Where the embedded PostgreSQL keeps its things inside a data folder."""

import contextlib
import hashlib
import os
import stat
import tempfile
from pathlib import Path
from urllib.parse import quote

import msgspec

from coterie.store.privileges import Account
from coterie.store.server_settings import PORT

DATABASE = "coterie"
SUPERUSER = "coterie"
LONGEST_SOCKET_PATH = 103  # macOS takes 103 bytes, Linux 107.


class Folder(msgspec.Struct, frozen=True):
    """The layout below `root`, which is absolute and free of symbolic links."""

    root: Path

    @classmethod
    def at(cls, data_dir: Path) -> "Folder":
        """Return the layout of `data_dir`, which need not exist yet."""
        return cls(root=data_dir.resolve())

    @property
    def server(self) -> Path:
        """Everything that belongs to the server's account."""
        return self.root / "postgres"

    @property
    def pgdata(self) -> Path:
        """The database files."""
        return self.server / "data"

    @property
    def configuration(self) -> Path:
        """The settings that the server runs with."""
        return self.pgdata / "postgresql.conf"

    @property
    def access_rules(self) -> Path:
        """Who may connect to the server."""
        return self.pgdata / "pg_hba.conf"

    @property
    def log(self) -> Path:
        """The server's logs, one file a weekday."""
        return self.server / "log"

    @property
    def startup_log(self) -> Path:
        """What the server said before its log was open."""
        return self.log / "startup.log"

    @property
    def socket_note(self) -> Path:
        """Names the socket folder when the data folder's own path is too long for a socket."""
        return self.server / "socket_dir"

    @property
    def name(self) -> str:
        """A short name of this folder, which the server's processes carry in their titles."""
        return "coterie-" + hashlib.sha256(os.fsencode(self.root)).hexdigest()[:12]

    def owner(self) -> int | None:
        """Return the number of the user that owns the database files, None if there are none."""
        try:
            return self.pgdata.stat().st_uid
        except FileNotFoundError:
            return None

    def major(self) -> int | None:
        """Return the major version that made the database files, None if there are none."""
        try:
            return int((self.pgdata / "PG_VERSION").read_text(encoding="ascii"))
        except FileNotFoundError:
            return None

    def make(self, account: Account) -> None:
        """Make the folders that a server needs, closed to all but its account."""
        self.root.mkdir(mode=0o711, parents=True, exist_ok=True)
        for path in (self.server, self.log):
            path.mkdir(mode=0o700, exist_ok=True)
            account.give(path)

    def make_socket_dir(self, account: Account) -> Path:
        """Return a private folder for the socket, whose path is short enough for one."""
        near = self.server / "run"
        if len(os.fsencode(near / f".s.PGSQL.{PORT}")) <= LONGEST_SOCKET_PATH:
            near.mkdir(mode=0o700, exist_ok=True)
            account.give(near)
            return near
        noted = self._noted_socket_dir(account)
        if noted is not None:
            return noted
        # The name is partly random, so that no other user can lay it before us.
        far = Path(tempfile.mkdtemp(prefix=f"{self.name}-", dir=_short_temporary_root()))
        account.give(far)
        self.socket_note.write_text(str(far), encoding="utf-8")
        return far

    def clear_locks(self, socket_dir: Path) -> None:
        """Remove the lock files of a killed server, when nobody runs on these files.

        PostgreSQL itself judges by the process number, which a stranger may carry by now.
        """
        (self.pgdata / "postmaster.pid").unlink(missing_ok=True)
        (socket_dir / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)

    def remove_far_socket_dir(self) -> None:
        """Remove the socket folder outside of this one, if there is one and it is empty."""
        with contextlib.suppress(FileNotFoundError):
            path = Path(self.socket_note.read_text(encoding="utf-8"))
            with contextlib.suppress(OSError):
                path.rmdir()
            self.socket_note.unlink()

    def last_words(self) -> str:
        """Return the ends of the two logs that were written last."""
        logs = sorted(self.log.glob("*.log"), key=lambda path: path.stat().st_mtime)
        texts = [path.read_text(encoding="utf-8", errors="replace") for path in logs[-2:]]
        return "\n".join(text[-1500:] for text in texts)

    def tells_of_killing(self, pid: int) -> bool:
        """Say whether the logs tell that a process of the server `pid` was killed."""
        words = self.last_words().splitlines()
        return any(f"[{pid}]" in line and "terminated by signal 9" in line for line in words)

    def _noted_socket_dir(self, account: Account) -> Path | None:
        try:
            path = Path(self.socket_note.read_text(encoding="utf-8"))
            found = path.lstat()
        except FileNotFoundError:
            return None
        is_private = stat.S_ISDIR(found.st_mode) and stat.S_IMODE(found.st_mode) == 0o700
        return path if is_private and found.st_uid == account.uid else None


def conninfo(socket_dir: Path, *, database: str = DATABASE) -> str:
    """Return the URL of a database of the server whose socket is in `socket_dir`."""
    return (
        f"postgresql://{SUPERUSER}@/{database}?host={quote(str(socket_dir), safe='')}&port={PORT}"
    )


def _short_temporary_root() -> str:
    root = tempfile.gettempdir()
    return root if len(root) < 40 else "/tmp"  # noqa: S108 - the folder below it is made by mkdtemp
