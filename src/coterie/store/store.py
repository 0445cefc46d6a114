"""The database as the planes see it: transactions from a pool, and connections of one's own."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from psycopg import sql

from coterie.store.pool import (
    Connection,
    Pool,
    connect,
    open_pool,
    store_errors,
)


class Store:
    """A database with its pool; safe to share between threads."""

    def __init__(self, url: str, pool: Pool) -> None:
        self.url = url
        self.pool = pool

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
