"""The right to run the server of a data folder, held by one process at a time."""

import fcntl
import os
from pathlib import Path
from typing import Self

import msgspec

from coterie.base.errors import PermanentError

LOCK_FILE = "owner.lock"


class DataFolderInUseError(PermanentError):
    """Another process owns the data folder."""

    code = "data_folder_in_use"

    def __init__(self, *, folder: Path, owner: "Owner | None") -> None:
        who = f"`{owner.command}` (process {owner.pid})" if owner else "another process"
        super().__init__(
            f"The data folder {folder} is in use by {who}. Stop that first, "
            "or set COTERIE_DATA_DIR to another folder."
        )
        self.owner = owner


class Owner(msgspec.Struct, frozen=True):
    """Who holds a data folder."""

    pid: int
    command: str


class OwnerLock:
    """An exclusive lock on a data folder; the kernel drops it when the process ends, however.

    A forked child shares the lock and would keep it alive, so an owner spawns its children.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    @classmethod
    def take(cls, folder: Path, *, command: str) -> Self:
        """Take the lock of `folder`, or raise DataFolderInUseError at once."""
        path = folder / LOCK_FILE
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(descriptor)
            raise DataFolderInUseError(folder=folder, owner=_read_owner(path)) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, msgspec.json.encode(Owner(pid=os.getpid(), command=command)), 0)
        return cls(descriptor)

    def release(self) -> None:
        """Give the lock up; a second call changes nothing."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None


def _read_owner(path: Path) -> Owner | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Owner)
    except (OSError, msgspec.DecodeError):
        return None
