"""Single statements that read, on connections of the event loop's own."""

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec
import psycopg

from coterie.base.errors import TransientError
from coterie.store.pool import CHECKOUT_SECONDS, AsyncConnection, connect_async, store_errors
from coterie.store.queries import load_queries
from coterie.store.store import generation_schema

GLANCES = 4


class _Line(msgspec.Struct):
    """A connection, and the generation whose tables it finds by their plain names."""

    conn: AsyncConnection
    is_spread: bool
    generation: int | None = None


class GlancePool:
    """Connections for statements that read, one each; of one event loop, opened when needed.

    A statement costs one round trip, where a transaction takes four and more, and no change of
    threads. So nobody has asked whether its connection lives, or the generation is there.
    """

    def __init__(self, url: str, *, most: int = GLANCES) -> None:
        self._url = url
        self._idle: list[_Line] = []
        self._free = asyncio.Semaphore(most)
        self._is_open = True

    async def close(self) -> None:
        """Close the connections, those in use when they are given back; nothing is asked then."""
        self._is_open = False
        while self._idle:
            await self._idle.pop().conn.close()

    async def ask(
        self, generation: int, statement: str, values: Mapping[str, Any]
    ) -> tuple[Any, ...] | None:
        """Return the first row of a statement that finds tables of a generation by plain names.

        None if that has to be asked in a transaction: on several servers, if the connection is lost
        or none is to be had, and without such a generation. Behind a pooler that lends out
        connections a transaction at a time plain names may mean another generation: let the
        statement return `current_schema()`, and look.
        """
        if not self._is_open:
            return None
        try:
            async with asyncio.timeout(CHECKOUT_SECONDS):
                await self._free.acquire()
        except TimeoutError:
            return None
        try:
            return await self._ask(generation, statement, values)
        except (TransientError, TimeoutError, psycopg.errors.UndefinedTable):
            return None
        finally:
            self._free.release()

    async def _ask(
        self, generation: int, statement: str, values: Mapping[str, Any]
    ) -> tuple[Any, ...] | None:
        line = await self._take()
        is_whole = False
        try:
            row = None
            if not line.is_spread:
                with store_errors():
                    row = await _ask(line, generation, statement, values)
            is_whole = True
        finally:
            # One that failed, or whose answer nobody waited for, may still be busy with it.
            if is_whole and self._is_open:
                self._idle.append(line)
            else:
                await line.conn.close()
        return row

    async def _take(self) -> _Line:
        if self._idle:
            return self._idle.pop()
        async with asyncio.timeout(CHECKOUT_SECONDS):
            conn = await connect_async(self._url)
        try:
            with store_errors():
                asked = await conn.execute(load_queries("citus").locks_by_update)
                row = await asked.fetchone()
        except BaseException:
            await conn.close()
            raise
        return _Line(conn, is_spread=bool(row and row[0]))


async def _ask(
    line: _Line, generation: int, statement: str, values: Mapping[str, Any]
) -> tuple[Any, ...] | None:
    if line.generation != generation:
        path = f"{generation_schema(generation)}, public"
        await line.conn.execute("SELECT set_config('search_path', %s, false)", [path])
        line.generation = generation
    async with line.conn.cursor(binary=True) as rows:
        await rows.execute(statement, values)
        return await rows.fetchone()
