"""Brings a database to the schema of this code, forward only."""

import hashlib
import re
from pathlib import Path

import msgspec
import psycopg
import structlog

from coterie.base.errors import PermanentError
from coterie.store.facts import OLDEST_SERVER
from coterie.store.pool import Connection, connect, store_errors

log = structlog.get_logger(__name__)

FOLDER = Path(__file__).parent / "migrations"
FILE_NAME = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")
LOCK = int.from_bytes(hashlib.sha256(b"coterie.schema_migration").digest()[:8], "big", signed=True)

LEDGER = """
CREATE TABLE IF NOT EXISTS public.schema_migration (
    number integer PRIMARY KEY,
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
)
"""


class BadMigrationFileError(PermanentError):
    """A migration file has a wrong name or number."""

    code = "bad_migration_file"

    def __init__(self, *, name: str, reason: str) -> None:
        super().__init__(
            f"The migration file {name} {reason}. Files are named NNNN_name.sql and count up "
            "from 0001 without a gap; correct the file's name."
        )


class ChangedMigrationError(PermanentError):
    """A migration that the database has applied reads otherwise now."""

    code = "changed_migration"

    def __init__(self, *, name: str) -> None:
        super().__init__(
            f"The migration {name} was applied to this database with another text. "
            "Install an unmodified release of Coterie; changes go into a new migration."
        )


class NewerDatabaseError(PermanentError):
    """The database was migrated by newer code than this."""

    code = "newer_database"

    def __init__(self, *, database: int, code_number: int) -> None:
        super().__init__(
            f"The database is at migration {database}, and this Coterie knows only {code_number}. "
            "Run the newer release of Coterie, or restore a backup from before the upgrade."
        )


class FailedMigrationError(PermanentError):
    """A migration could not be applied; its transaction was rolled back."""

    code = "failed_migration"

    def __init__(self, *, name: str, reason: str) -> None:
        super().__init__(
            f"The migration {name} failed and was rolled back: {reason}. "
            "Cure what it names, then start again."
        )


class OldServerError(PermanentError):
    """The server is older than what Coterie runs on."""

    code = "old_server"

    def __init__(self, *, major: int) -> None:
        super().__init__(
            f"The database is a PostgreSQL {major}, and Coterie needs {OLDEST_SERVER} or newer. "
            "Upgrade that server, or leave COTERIE_DATABASE_URL out to use the embedded one."
        )


class Migration(msgspec.Struct, frozen=True, kw_only=True):
    """One step of the schema."""

    number: int
    name: str
    text: bytes

    @property
    def sha256(self) -> str:
        """The checksum that guards an applied migration against later edits."""
        return hashlib.sha256(self.text).hexdigest()

    @property
    def label(self) -> str:
        """How messages call it."""
        return f"{self.number:04d}_{self.name}"


def read_migrations(folder: Path = FOLDER) -> list[Migration]:
    """Return the migrations of `folder` in order. Raises BadMigrationFileError."""
    migrations = []
    for expected, path in enumerate(sorted(folder.glob("*.sql")), start=1):
        match = FILE_NAME.fullmatch(path.name)
        if match is None:
            raise BadMigrationFileError(name=path.name, reason="has a wrong name")
        number = int(match[1])
        if number != expected:
            raise BadMigrationFileError(name=path.name, reason=f"should be number {expected:04d}")
        migrations.append(Migration(number=number, name=match[2], text=path.read_bytes()))
    return migrations


def migrate(target: Connection | str, *, folder: Path = FOLDER) -> list[Migration]:
    """Apply what `target` (a connection without open transaction, or a URL) lacks; return that.

    Each migration is one transaction, and other processes that migrate wait. Raises
    BadMigrationFileError, OldServerError, ChangedMigrationError, NewerDatabaseError,
    FailedMigrationError, StoreUnavailableError.
    """
    migrations = read_migrations(folder)
    if isinstance(target, str):
        with connect(target) as connection:
            return _apply_all(connection, migrations)
    return _apply_all(target, migrations)


def _apply_all(connection: Connection, migrations: list[Migration]) -> list[Migration]:
    major = connection.info.server_version // 10_000
    if major < OLDEST_SERVER:
        raise OldServerError(major=major)
    applied = []
    while (done := _apply_next(connection, migrations)) is not None:
        log.info("store.migrated", migration=done.label)
        applied.append(done)
    return applied


def _apply_next(connection: Connection, migrations: list[Migration]) -> Migration | None:
    with store_errors(), connection.transaction():
        # The lock lasts for one transaction, so poolers that share sessions do no harm.
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        connection.execute(LEDGER)
        ledger = connection.execute(
            "SELECT number, sha256 FROM public.schema_migration ORDER BY number"
        ).fetchall()
        _check(ledger, migrations)
        if len(ledger) == len(migrations):
            return None
        migration = migrations[len(ledger)]
        _apply(connection, migration)
        return migration


def _check(ledger: list[tuple[int, str]], migrations: list[Migration]) -> None:
    if len(ledger) > len(migrations):
        raise NewerDatabaseError(database=len(ledger), code_number=len(migrations))
    for (_, checksum), migration in zip(ledger, migrations, strict=False):
        if checksum != migration.sha256:
            raise ChangedMigrationError(name=migration.label)


def _apply(connection: Connection, migration: Migration) -> None:
    try:
        connection.execute(migration.text)
    except (psycopg.ProgrammingError, psycopg.IntegrityError, psycopg.DataError) as error:
        raise FailedMigrationError(name=migration.label, reason=str(error)) from error
    connection.execute(
        "INSERT INTO public.schema_migration (number, name, sha256) VALUES (%s, %s, %s)",
        [migration.number, migration.name, migration.sha256],
    )
