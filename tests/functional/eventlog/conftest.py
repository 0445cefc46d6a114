"""An account, its tokens and a log on a real database."""

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime

import psycopg
import pytest

from coterie.flow.eventlog.append import GroupCommit
from coterie.flow.eventlog.lanes import ensure_lanes
from coterie.flow.eventlog.prepare import ensure_days
from coterie.flow.eventlog.queue import LogLimits
from coterie.model.events import IncomingEvent
from coterie.store import AsyncPool, Connection, open_async_pool

NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
LANES = 2


class SteppingClock:
    """A clock that stands where it was put."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def incoming() -> Callable[..., IncomingEvent]:
    def make(
        body: str = "{}", *, at: datetime = NOW, message: bytes | None = None
    ) -> IncomingEvent:
        return IncomingEvent(
            account=7, stream="web", received_at=at, body=body, message_hash=message
        )

    return make


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock(NOW)


@pytest.fixture
def conn(database_url: str) -> Iterator[Connection]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        ensure_lanes(connection, LANES)
        ensure_days(connection, NOW.date())
        connection.execute(
            "INSERT INTO account (number, name, created_at) VALUES (7, 'Seven', %s)", [NOW]
        )
        yield connection


@pytest.fixture
def make_token(conn: Connection) -> Callable[..., int]:
    def make(expires_at: datetime | None = None) -> int:
        row = conn.execute(
            """INSERT INTO access_token
                   (account, name, scopes, prefix, token_hash, created_by, created_at, expires_at)
               VALUES (7, 'test', '{data_write}', 'x', uuid_send(gen_random_uuid()), 'test', %s, %s)
               RETURNING id""",
            [NOW, expires_at],
        ).fetchone()
        assert row is not None
        return int(row[0])

    return make


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[AsyncPool]:
    pool = await open_async_pool(database_url, max_size=4)
    yield pool
    await pool.close()


@pytest.fixture
async def event_log(
    pool: AsyncPool,
    conn: Connection,  # noqa: ARG001 -- the account that the tokens belong to
    clock: SteppingClock,
) -> AsyncIterator[GroupCommit]:
    limits = LogLimits(group_ms=1, queue_requests=50, queue_bytes=1_000_000)
    async with GroupCommit(pool, lanes=range(LANES), limits=limits, clock=clock) as log:
        yield log
