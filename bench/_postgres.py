"""How much of the processors a PostgreSQL server of this machine has used."""

import os
from pathlib import Path

from coterie.store import Store

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")
# Places in /proc/<pid>/stat after the name: parent; own time, that of children that have ended.
PARENT, OWN, ENDED = 1, slice(11, 13), slice(13, 15)


class ServerTime:
    """Seconds of all processes of a server, those included that come and go; Linux only."""

    def __init__(self, store: Store) -> None:
        with store.transaction() as conn:
            backend = conn.info.backend_pid
        self._postmaster = int(_stat(PROC / str(backend))[PARENT])

    def seconds(self) -> float:
        """Return what was used since the server started."""
        ticks = 0
        for folder in PROC.iterdir():
            if not folder.name.isdigit():
                continue
            try:
                stat = _stat(folder)
            except OSError:
                continue  # it has just ended, so its time is among the postmaster's ended ones
            if int(folder.name) == self._postmaster:
                ticks += sum(map(int, stat[ENDED]))
            elif int(stat[PARENT]) != self._postmaster:
                continue
            ticks += sum(map(int, stat[OWN]))
        return ticks / TICKS


def family_seconds(pid: int) -> float:
    """Return what a process of this machine and its children have used since they started."""
    ticks = 0
    for folder in PROC.iterdir():
        if not folder.name.isdigit():
            continue
        try:
            stat = _stat(folder)
        except OSError:
            continue
        if pid in (int(folder.name), int(stat[PARENT])):
            ticks += sum(map(int, stat[OWN]))
    return ticks / TICKS


def _stat(folder: Path) -> list[str]:
    # The name may hold blanks and brackets, so counting starts after the last bracket.
    return (folder / "stat").read_text().rpartition(")")[2].split()
