"""Wake-ups between processes: who wrote something rings, and who waits for it need not keep asking.

A ring says nothing but "look again", may be missed (a cut connection, a pooler between here and
PostgreSQL), and several may be heard as one. So whoever listens also looks by itself at times.
"""

import asyncio
import enum
import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg
from psycopg import sql

from coterie.store.pool import (
    AsyncConnection,
    Connection,
    StoreUnavailableError,
    connect_async,
    store_errors,
)

RECONNECT_SECONDS = 1.0
# A stopping process is kept waiting no longer than this.
STOP_LOOK_SECONDS = 0.25
RING = "SELECT pg_notify(%s, '')"


class Bell(enum.StrEnum):
    """What there is news of; the value is the channel's name."""

    EVENTS = "coterie_events"
    OUTBOX = "coterie_outbox"


def ring(conn: Connection, bell: Bell) -> None:
    """Wake who listens, once the caller's transaction is committed."""
    conn.execute(RING, (bell.value,))


async def ring_now(conn: AsyncConnection, bell: Bell) -> None:
    """Wake who listens; for a connection that is in no transaction.

    A transaction that rings keeps others that ring waiting while it commits, so what commits to the
    disk rings afterwards.
    """
    async with conn.transaction():
        await conn.execute(RING, (bell.value,))


def listen(conn: Connection, bell: Bell) -> None:
    """Let a connection that is in no transaction hear a bell from now on."""
    with store_errors(), conn.transaction():
        conn.execute(_listen(bell))


def wait_for_ring(conn: Connection, seconds: float, stop: threading.Event) -> None:
    """Return once a bell rings that `conn` listens to, `stop` is set or the time is over.

    What rang since `conn` was last waited on counts too. Raises StoreUnavailableError.
    """
    until = time.monotonic() + seconds
    while not stop.is_set() and (left := until - time.monotonic()) > 0:
        with store_errors():
            for _ in conn.notifies(timeout=min(left, STOP_LOOK_SECONDS), stop_after=1):
                return


async def hear(url: str, bell: Bell, wake: Callable[[], Any]) -> None:
    """Call `wake` whenever a bell rings, until cancelled; a lost connection is made anew."""
    while True:
        try:
            async with await connect_async(url) as conn:
                await conn.execute(_listen(bell))
                # What rang before was not heard.
                wake()
                async for _ in conn.notifies():
                    wake()
        except (psycopg.Error, StoreUnavailableError):
            await asyncio.sleep(RECONNECT_SECONDS)


def _listen(bell: Bell) -> sql.Composed:
    return sql.SQL("LISTEN {}").format(sql.Identifier(bell.value))
