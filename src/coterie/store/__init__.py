"""The only code that opens the database."""

from coterie.store.arrays import (
    BigintArray,
    BytesArray,
    IntArray,
    MicrosArray,
    PlaceArray,
    TextArray,
    TimeArray,
    UuidArray,
    array_text,
    bigints,
)
from coterie.store.bells import Bell, hear, listen, ring, ring_now, wait_for_ring
from coterie.store.copying import COPY_HEADER, COPY_TRAILER, NULL, PG_EPOCH_US, copy_packed
from coterie.store.embedded import Embedded, find_running
from coterie.store.facts import OLDEST_SERVER, ServerFacts, server_facts
from coterie.store.glances import GlancePool
from coterie.store.migrate import migrate
from coterie.store.pool import (
    AlreadyThereError,
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
    store_errors,
)
from coterie.store.queries import StageQueries, load_queries
from coterie.store.spread import locks_by_update, relax_commit, relax_commits
from coterie.store.store import Store, generation_schema

__all__ = [
    "COPY_HEADER",
    "COPY_TRAILER",
    "NULL",
    "OLDEST_SERVER",
    "PG_EPOCH_US",
    "AlreadyThereError",
    "AsyncConnection",
    "AsyncPool",
    "Bell",
    "BigintArray",
    "BytesArray",
    "Connection",
    "DatabaseError",
    "Embedded",
    "GlancePool",
    "IntArray",
    "MicrosArray",
    "PlaceArray",
    "Pool",
    "ServerFacts",
    "StageQueries",
    "Store",
    "StoreConflictError",
    "StoreUnavailableError",
    "TextArray",
    "TimeArray",
    "UuidArray",
    "array_text",
    "bigints",
    "connect",
    "copy_packed",
    "find_running",
    "generation_schema",
    "hear",
    "listen",
    "load_queries",
    "locks_by_update",
    "migrate",
    "open_async_pool",
    "open_pool",
    "ping",
    "relax_commit",
    "relax_commits",
    "ring",
    "ring_now",
    "server_facts",
    "store_errors",
    "wait_for_ring",
]
