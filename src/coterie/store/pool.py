"""Connections to the database: opened, pooled, and their failures translated."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg_pool import AsyncConnectionPool, ConnectionPool

from coterie.base.errors import TransientError, UserError

Connection = psycopg.Connection[tuple[Any, ...]]
AsyncConnection = psycopg.AsyncConnection[tuple[Any, ...]]
Pool = ConnectionPool[Connection]
AsyncPool = AsyncConnectionPool[AsyncConnection]
DatabaseError = psycopg.Error
AlreadyThereError = psycopg.errors.UniqueViolation

APPLICATION = "coterie"
CONNECT_SECONDS = 10
CHECKOUT_SECONDS = 5.0
# A pool doubles its pauses until it gives up; then the next checkout tries afresh. A short time
# thus finds a restarted server sooner.
RECONNECT_SECONDS = 4.0

CONFLICTS = (
    psycopg.errors.DeadlockDetected,
    psycopg.errors.SerializationFailure,
    psycopg.errors.LockNotAvailable,
)


class BadDatabaseUrlError(UserError):
    """What should name the database cannot be read."""

    code = "bad_database_url"

    def __init__(self) -> None:
        super().__init__(
            "COTERIE_DATABASE_URL is not the address of a PostgreSQL database. Write "
            "postgresql://user:password@host:5432/database; special characters of the password "
            "as %XX."
        )


class StoreUnavailableError(TransientError):
    """The database cannot be reached, or went away in the middle."""

    code = "store_unavailable"

    def __init__(self, *, reason: str) -> None:
        super().__init__(
            f"The database does not answer: {reason}. Nothing was lost; try again shortly. "
            "If it lasts, run `coterie doctor`.",
            retry_after=2.0,
        )


class StoreConflictError(TransientError):
    """Two transactions stood in each other's way and this one was rolled back."""

    code = "store_conflict"

    def __init__(self, *, reason: str) -> None:
        super().__init__(
            f"The database rolled this change back because another was in its way ({reason}). "
            "Run it again.",
            retry_after=0.0,
        )


@contextmanager
def store_errors() -> Iterator[None]:
    """Turn the driver's passing failures inside the block into our transient errors.

    Raises StoreConflictError for deadlocks, serialization failures and locks that were waited for
    long enough, StoreUnavailableError for lost connections and an exhausted pool; other errors of
    the driver pass unchanged.
    """
    try:
        yield
    except CONFLICTS as error:
        raise StoreConflictError(reason=type(error).__name__) from error
    except psycopg.OperationalError as error:
        if not is_trouble_of_the_server(error):
            raise
        raise StoreUnavailableError(reason=_first_line(error)) from error


def is_trouble_of_the_server(error: psycopg.OperationalError) -> bool:
    """Answer whether `error` is about the connection or the server, not about the statement."""
    # Class 08 is the connection, 53 a full disk, memory or too many clients, 57P0x a server that
    # stops or starts, 58 a fault of its system; errors that the driver makes up itself (a refused
    # or dropped connection) carry no state.
    state = error.sqlstate
    return state is None or state.startswith(("08", "53", "57P", "58"))


def open_pool(
    url: str,
    *,
    min_size: int = 1,
    max_size: int = 4,
    checkout_seconds: float = CHECKOUT_SECONDS,
) -> Pool:
    """Return an open pool with `min_size` connections made; the caller closes it.

    Whoever finds every connection taken, or the database gone, waits `checkout_seconds` and gets a
    StoreUnavailableError, as does the caller if the database cannot be reached now. Raises
    BadDatabaseUrlError.
    """
    pool: Pool = ConnectionPool(
        url,
        min_size=min_size,
        max_size=max_size,
        open=False,
        timeout=checkout_seconds,
        reconnect_timeout=RECONNECT_SECONDS,
        kwargs=_connect_settings(),
        configure=_configure,
        check=ConnectionPool.check_connection,
        name=APPLICATION,
    )
    # The first connection is made by hand: a pool only says that it timed out, this says why.
    connect(url).close()
    with store_errors():
        try:
            pool.open(wait=True, timeout=CONNECT_SECONDS)
        except BaseException:
            pool.close()
            raise
    return pool


async def open_async_pool(
    url: str, *, min_size: int = 1, max_size: int = 4, checkout_seconds: float = CHECKOUT_SECONDS
) -> AsyncPool:
    """Return an open pool for the running event loop; the caller closes it.

    Whoever finds every connection taken, or the database gone, waits `checkout_seconds` and gets a
    StoreUnavailableError, as does the caller if the database cannot be reached now. Raises
    BadDatabaseUrlError.
    """
    _check_url(url)
    pool: AsyncPool = AsyncConnectionPool(
        url,
        min_size=min_size,
        max_size=max_size,
        open=False,
        timeout=checkout_seconds,
        reconnect_timeout=RECONNECT_SECONDS,
        kwargs=_connect_settings(),
        configure=_configure_async,
        check=AsyncConnectionPool.check_connection,
        name=APPLICATION,
    )
    with store_errors():
        first = await psycopg.AsyncConnection.connect(url, **_connect_settings())
        await first.close()
        try:
            await pool.open(wait=True, timeout=CONNECT_SECONDS)
        except BaseException:
            await pool.close()
            raise
    return pool


def connect(url: str, *, autocommit: bool = False) -> Connection:
    """Return a connection of its own, as an advisory lock needs; the caller closes it.

    Raises BadDatabaseUrlError or StoreUnavailableError.
    """
    _check_url(url)
    with store_errors():
        connection = psycopg.connect(url, autocommit=autocommit, **_connect_settings())
        _configure(connection)
    return connection


async def connect_async(url: str) -> AsyncConnection:
    """Return a connection of the running event loop, not of a pool; the caller closes it.

    It commits each statement by itself. Raises BadDatabaseUrlError or StoreUnavailableError.
    """
    _check_url(url)
    with store_errors():
        connection = await psycopg.AsyncConnection.connect(
            url, autocommit=True, **_connect_settings()
        )
        try:
            await _configure_async(connection)
        except BaseException:
            await connection.close()
            raise
    return connection


async def ping(connection: AsyncConnection) -> None:
    """Ask the server for a sign of life."""
    await connection.execute("SELECT 1")


def _check_url(url: str) -> None:
    try:
        psycopg.conninfo.conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        # The driver's own words repeat the text, which may hold a password.
        raise BadDatabaseUrlError from None


def _connect_settings() -> dict[str, Any]:
    return {
        "application_name": APPLICATION,
        "connect_timeout": CONNECT_SECONDS,
        "keepalives_idle": 30,
        "keepalives_interval": 5,
        "keepalives_count": 3,
    }


def _configure(connection: Connection) -> None:
    # A server that is not ours may default to another zone, and days are cut in UTC.
    connection.execute("SET timezone TO 'UTC'")
    if not connection.autocommit:
        connection.commit()


async def _configure_async(connection: AsyncConnection) -> None:
    await connection.execute("SET timezone TO 'UTC'")
    if not connection.autocommit:
        await connection.commit()


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
