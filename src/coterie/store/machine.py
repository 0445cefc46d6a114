"""What the machine or container has that a database server runs on."""

import os
import shutil
from pathlib import Path
from typing import Self

import msgspec

# Where Linux says what a container may take: version 2 of control groups, then version 1.
LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """All of its memory, and all of the disk that the data are on; neither is what is free."""

    memory_bytes: int
    disk_bytes: int

    @classmethod
    def of(cls, folder: Path) -> Self:
        """Return the machine that a folder is on."""
        return cls(memory_bytes=memory_bytes(), disk_bytes=shutil.disk_usage(folder).total)


def memory_bytes(limits: tuple[Path, ...] = LIMITS) -> int:
    """Return the memory of the machine, or what its container may take if that is less."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min([machine, *(limit for path in limits if (limit := _limit(path)))])


def _limit(path: Path) -> int | None:
    """Return the bytes that a file of control groups names; None if it names or is nothing."""
    try:
        text = path.read_text(encoding="ascii").strip()
    except OSError:
        return None
    # "max" stands for no limit.
    return int(text) if text.isdecimal() else None
