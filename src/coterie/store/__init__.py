"""The only code that opens the database."""

from coterie.store.arrays import (
    BigintArray,
    BytesArray,
    IntArray,
    MicrosArray,
    TextArray,
    TimeArray,
    UuidArray,
)
from coterie.store.embedded import Embedded, find_running
from coterie.store.facts import OLDEST_SERVER, ServerFacts, server_facts
from coterie.store.migrate import migrate
from coterie.store.pool import (
    AsyncConnection,
    AsyncPool,
    Connection,
    DatabaseError,
    Pool,
    StoreConflictError,
    StoreUnavailableError,
    connect,
    open_async_pool,
    open_pool,
    ping,
    relax_commits,
    store_errors,
)
from coterie.store.queries import StageQueries, load_queries
from coterie.store.store import Store

__all__ = [
    "OLDEST_SERVER",
    "AsyncConnection",
    "AsyncPool",
    "BigintArray",
    "BytesArray",
    "Connection",
    "DatabaseError",
    "Embedded",
    "IntArray",
    "MicrosArray",
    "Pool",
    "ServerFacts",
    "StageQueries",
    "Store",
    "StoreConflictError",
    "StoreUnavailableError",
    "TextArray",
    "TimeArray",
    "UuidArray",
    "connect",
    "find_running",
    "load_queries",
    "migrate",
    "open_async_pool",
    "open_pool",
    "ping",
    "relax_commits",
    "server_facts",
    "store_errors",
]
