"""The way of a request through the flow, without a web server."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import msgspec
import psycopg
import pytest

from coterie.base.errors import UserError
from coterie.base.settings import Settings
from coterie.flow.collect.body import MalformedBodyError
from coterie.flow.eventlog.queue import LogLimits, LogUnavailableError
from coterie.flow.run.collect import (
    CollectOptions,
    Collector,
    CollectRequest,
    collect_options,
    open_collector,
)
from coterie.store import Connection

NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
OPTIONS = CollectOptions(lanes=1, log=LogLimits(group_ms=0))


class Streams:
    """Makes any stream but one called bad, and notes each."""

    def __init__(self) -> None:
        self.made: list[tuple[int, str]] = []

    def ensure(self, account: int, stream: str) -> None:
        if stream == "bad":
            raise UserError("no such name")
        self.made.append((account, stream))


@pytest.fixture
def streams() -> Streams:
    return Streams()


@pytest.fixture
async def collector(database_url: str, streams: Streams) -> AsyncIterator[Collector]:
    async with open_collector(
        database_url, ensure_stream=streams.ensure, options=OPTIONS, clock=lambda: NOW
    ) as collector:
        yield collector


def request(payload: bytes, stream: str = "web") -> CollectRequest:
    return CollectRequest(account=7, stream=stream, payload=payload, token_id=None)


def count(database_url: str, table: str) -> int:
    with psycopg.connect(database_url) as conn:
        query = psycopg.sql.SQL("SELECT count(*) FROM {}").format(psycopg.sql.Identifier(table))
        row = conn.execute(query).fetchone()
    assert row is not None
    return int(row[0])


async def test_a_stream_is_made_once_and_then_known(collector: Collector, streams: Streams) -> None:
    for stream in ("web", "web", "shop", "web"):
        await collector.collect(request(b"{}", stream))

    assert streams.made == [(7, "web"), (7, "shop")]


async def test_a_stream_that_cannot_be_made_takes_no_events(
    collector: Collector, database_url: str
) -> None:
    for _ in range(2):
        with pytest.raises(UserError, match="no such name"):
            await collector.collect(request(b"{}", "bad"))

    assert count(database_url, "event_log") == 0


async def test_a_large_request_is_taken_whole_and_in_order(
    collector: Collector, database_url: str
) -> None:
    lines = b"\n".join(b'{"n":%d}' % n for n in range(50_000))

    result = await collector.collect(request(lines))

    assert result.accepted == 50_000
    with psycopg.connect(database_url) as conn:
        rows = conn.execute("SELECT seq, body FROM event_log ORDER BY seq").fetchall()
    assert [(seq, msgspec.json.decode(body)["n"]) for seq, body in rows] == [
        (n + 1, n) for n in range(50_000)
    ]


async def test_refusals_that_cannot_be_kept_are_not_answered_as_kept(
    collector: Collector, database_url: str
) -> None:
    conn: Connection
    with psycopg.connect(database_url, autocommit=True) as conn:
        conn.execute("ALTER TABLE rejected_event RENAME TO gone")

    with pytest.raises(LogUnavailableError):
        await collector.collect(request(b'{"n":1}\n7'))
    with pytest.raises(LogUnavailableError):
        await collector.collect(request(b"7"))

    assert count(database_url, "event_log") == 0


async def test_what_cannot_be_read_is_kept_with_the_place_of_its_fault(
    collector: Collector, database_url: str
) -> None:
    with pytest.raises(MalformedBodyError):
        await collector.collect(request(b'{"a":1,\n}'))

    with psycopg.connect(database_url) as conn:
        kept = conn.execute(
            "SELECT account, stream, received_at, source, position, body FROM rejected_event"
        ).fetchall()
    assert kept == [(7, "web", NOW, "http", "line 2 column 1", b'{"a":1,\n}')]


async def test_a_collector_that_ended_takes_nothing(database_url: str, streams: Streams) -> None:
    async with open_collector(
        database_url, ensure_stream=streams.ensure, options=OPTIONS, clock=lambda: NOW
    ) as collector:
        await collector.check()

    with pytest.raises(LogUnavailableError):
        await collector.check()
    with pytest.raises(LogUnavailableError):
        await collector.collect(request(b"{}"))


def test_the_collector_takes_its_limits_from_the_settings() -> None:
    options = collect_options(
        Settings(lanes=8, collect_event_limit_bytes=5_000, collect_queue_limit_requests=9)
    )

    assert (options.lanes, options.event_limit) == (8, 5_000)
    assert options.log.queue_requests == 9
