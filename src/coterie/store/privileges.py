"""Starts a PostgreSQL program as an account that PostgreSQL accepts.

PostgreSQL refuses to run as root, and an unprivileged account often cannot reach a virtual
environment or a data folder below a private directory. So root runs a program through this very
file as a script: it steps down to another account and, only if that account cannot reach what it
must, keeps the one capability that lets it pass directories (CAP_DAC_OVERRIDE). Where no other
account may be taken (a container that maps only root, or lacks CAP_SETUID), the program runs in a
user namespace in which root has another number. Uses the standard library alone, since as a script
it runs without site-packages.
"""

import contextlib
import ctypes
import os
import pwd
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

KEEP_CAPABILITIES = 8  # prctl PR_SET_KEEPCAPS
SET_SECURE_BITS = 28  # prctl PR_SET_SECUREBITS
NO_SETUID_FIXUP = 1 << 2
AMBIENT = 47  # prctl PR_CAP_AMBIENT
AMBIENT_RAISE = 2
DAC_OVERRIDE = 1  # capability number
PASS_ALL = 1 << DAC_OVERRIDE
CAPABILITY_VERSION = 0x20080522
NEW_USER_NAMESPACE = 0x10000000
NOBODY = 65534


@dataclass(frozen=True)
class Account:
    """Who runs PostgreSQL: `way` is self (no change), switch (to uid and gid) or namespace."""

    way: str
    uid: int
    gid: int

    def command(self, argv: Sequence[str], *, reach: Sequence[Path]) -> list[str]:
        """Return the command that runs `argv` as this account, able to use `reach`."""
        if self.way == "self":
            return list(argv)
        return [*_script(self, reach), *argv]

    def give(self, path: Path) -> None:
        """Make this account the owner of `path`."""
        if self.way == "switch":
            os.chown(path, self.uid, self.gid)

    def write(self, path: Path, text: str) -> None:
        """Write a file that this account owns."""
        path.write_text(text, encoding="utf-8")
        self.give(path)


def candidates(owner: int | None) -> Iterator[Account]:
    """Yield the accounts that this process might run PostgreSQL as, best first.

    `owner` is the user number that owns the existing database files, None for a new folder.
    """
    me = os.geteuid()
    namespace = Account(way="namespace", uid=me, gid=os.getegid())
    if me != 0:
        # Making database files asks for the user's name; a server on existing files does not.
        if owner is not None or _named(me):
            yield Account(way="self", uid=me, gid=os.getegid())
        yield namespace
        return
    if owner is not None:
        yield namespace if owner == 0 else Account(way="switch", uid=owner, gid=_group_of(owner))
        return
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            yield Account(way="switch", uid=entry.pw_uid, gid=entry.pw_gid)
    yield namespace


def is_able(account: Account, *, reach: Sequence[Path]) -> bool:
    """Answer whether `account` can be taken here, read files and pass directories of `reach`."""
    if account.way == "self":
        return _can_use([str(path) for path in reach])
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and this file
            _script(account, reach), stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
    except OSError:
        return False
    return done.returncode == 0


def _script(account: Account, reach: Sequence[Path]) -> list[str]:
    python = [sys.executable, "-I", "-S", str(Path(__file__).resolve())]
    paths = [str(path) for path in reach]
    return [*python, account.way, str(account.uid), str(account.gid), *paths, "--"]


def _named(uid: int) -> bool:
    return any(entry.pw_uid == uid for entry in pwd.getpwall())


def _group_of(uid: int) -> int:
    return next((entry.pw_gid for entry in pwd.getpwall() if entry.pw_uid == uid), uid)


def _number_in_namespace() -> int:
    numbers = [entry.pw_uid for entry in pwd.getpwall() if entry.pw_uid != 0]
    return NOBODY if NOBODY in numbers or not numbers else numbers[0]


class _Header(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _Sets(ctypes.Structure):
    _fields_ = [
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    ]


def _call(libc: ctypes.CDLL, function: str, *arguments: object) -> None:
    if getattr(libc, function)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{function}: {os.strerror(number)}")


def _can_use(reach: Sequence[str]) -> bool:
    return all(os.access(path, os.X_OK if os.path.isdir(path) else os.R_OK) for path in reach)


def _switch(uid: int, gid: int, *, reach: Sequence[str]) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    # PostgreSQL's programs ask access(2) for themselves, which heeds capabilities only under
    # NO_SETUID_FIXUP. A container may forbid that; KEEP_CAPS then still serves reachable folders.
    with contextlib.suppress(OSError):
        _call(libc, "prctl", SET_SECURE_BITS, NO_SETUID_FIXUP, 0, 0, 0)
    _call(libc, "prctl", KEEP_CAPABILITIES, 1, 0, 0, 0)
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    _keep_capabilities(libc, 0, permitted=_permitted() & PASS_ALL)
    if not _can_use(reach):
        _keep_capabilities(libc, PASS_ALL, permitted=PASS_ALL)
        _call(libc, "prctl", AMBIENT, AMBIENT_RAISE, DAC_OVERRIDE, 0, 0)


def _permitted() -> int:
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("CapPrm:"):
            return int(line.split()[1], 16)
    return 0


def _keep_capabilities(libc: ctypes.CDLL, bits: int, *, permitted: int) -> None:
    sets = (_Sets * 2)(_Sets(bits, permitted, bits), _Sets(0, 0, 0))
    _call(libc, "capset", ctypes.byref(_Header(CAPABILITY_VERSION, 0)), ctypes.byref(sets))


def _enter_namespace() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    uid, gid, inside = os.geteuid(), os.getegid(), _number_in_namespace()
    _call(libc, "unshare", NEW_USER_NAMESPACE)
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{inside} {uid} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{inside} {gid} 1", encoding="ascii")
    _keep_capabilities(libc, 0, permitted=0)


def _main(arguments: Sequence[str]) -> int:
    way, uid, gid, *rest = arguments
    end = rest.index("--")
    reach, argv = rest[:end], rest[end + 1 :]
    try:
        if way == "namespace":
            _enter_namespace()
        else:
            _switch(int(uid), int(gid), reach=reach)
    except OSError as error:
        sys.stderr.write(f"cannot take account {uid}: {error}\n")
        return 1
    if not _can_use(reach):
        sys.stderr.write(f"account {uid} cannot use all of {reach}\n")
        return 1
    if argv:
        os.execv(argv[0], argv)  # noqa: S606 - replacing this process is the point
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
