"""The database as the planes see it: transactions from a pool, and connections of one's own."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Self
from weakref import WeakKeyDictionary

import psycopg
from psycopg import sql

from coterie.store.pool import (
    Connection,
    Pool,
    StoreConflictError,
    connect,
    open_pool,
    store_errors,
)

GLANCES = 4


class Store:
    """A database with its pool; safe to share between threads."""

    def __init__(self, url: str, pool: Pool) -> None:
        self.url = url
        self.pool = pool
        self._glances: Pool | None = None
        self._opening = Lock()
        self._entered: WeakKeyDictionary[Connection, int] = WeakKeyDictionary()

    @classmethod
    def open(cls, url: str, *, min_size: int = 1, max_size: int = 4) -> Self:
        """Open the database at `url`. Raises StoreUnavailableError."""
        return cls(url, open_pool(url, min_size=min_size, max_size=max_size))

    def __enter__(self) -> Self:
        """Return this store."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the pool."""
        self.close()

    def close(self) -> None:
        """Close the pool; connections of one's own stay open."""
        self.pool.close()
        if self._glances is not None:
            self._glances.close()

    @contextmanager
    def transaction(self, *, generation: int | None = None) -> Iterator[Connection]:
        """Run the block in one transaction: committed at its end, rolled back if it raises.

        With `generation`, tables of that generation are found by their plain names. Raises
        StoreUnavailableError or StoreConflictError beside what the block raises.
        """
        with store_errors(), self.pool.connection() as connection, connection.transaction():
            if generation is not None:
                self.use_generation(connection, generation)
            yield connection

    @contextmanager
    def glance(self, generation: int) -> Iterator[Connection]:
        """Yield a connection for one statement that reads, with the tables of a generation.

        It costs one round trip, where a transaction takes four and more; so nobody has asked
        whether the connection lives, or the generation is there. Raises StoreUnavailableError or
        StoreConflictError then: ask in a transaction. Behind a pooler that lends out connections a
        transaction at a time plain names may mean another generation: let the statement return
        `current_schema()`, and look.
        """
        with store_errors(), self._open_glances().connection() as connection:
            if self._entered.get(connection) != generation:
                path = f"{generation_schema(generation)}, public"
                connection.execute("SELECT set_config('search_path', %s, false)", [path])
                self._entered[connection] = generation
            try:
                yield connection
            except psycopg.errors.UndefinedTable as error:
                raise StoreConflictError(reason=type(error).__name__) from error

    def _open_glances(self) -> Pool:
        with self._opening:
            if self._glances is None:
                self._glances = open_pool(self.url, max_size=GLANCES, for_glances=True)
            return self._glances

    def connect(self, *, autocommit: bool = False) -> Connection:
        """Return a connection outside of the pool, for an advisory lock; the caller closes it."""
        return connect(self.url, autocommit=autocommit)

    @staticmethod
    def use_generation(connection: Connection, generation: int) -> None:
        """Make plain table names mean those of `generation`, until the transaction ends."""
        schema = sql.Identifier(generation_schema(generation))
        connection.execute(sql.SQL("SET LOCAL search_path TO {}, public").format(schema))


def generation_schema(generation: int) -> str:
    """Return the name of the schema that holds the tables of `generation`."""
    return f"g{generation}"
