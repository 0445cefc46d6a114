"""Many senders, one transaction."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from coterie.flow.eventlog.append import GroupCommit, TokenRevokedError
from coterie.flow.eventlog.queue import LogLimits, LogUnavailableError
from coterie.model.events import IncomingEvent
from coterie.store import AsyncPool, Connection

Make = Callable[..., IncomingEvent]
NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


async def until_waiting(log: GroupCommit, count: int) -> None:
    for _ in range(10_000):
        await asyncio.sleep(0.001)
        if log.waiting == count:
            return
    pytest.fail(f"{log.waiting} requests wait, expected {count}")


def logged(conn: Connection) -> list[tuple[int, int, str]]:
    return [
        (lane, seq, body)
        for lane, seq, body in conn.execute(
            "SELECT lane, seq, body FROM event_log ORDER BY lane, seq"
        )
    ]


async def test_an_answered_event_is_in_the_log_with_all_it_brought(
    event_log: GroupCommit, conn: Connection
) -> None:
    event = IncomingEvent(
        account=7,
        stream="büro",
        received_at=datetime(2026, 3, 14, 23, 59, 59, 999999, tzinfo=UTC),
        occurred_at=datetime(1969, 12, 31, 23, 0, 0, 1, tzinfo=UTC),
        message_hash=b"\x00\xff",
        body='{"name":"Zoë \\u0000"}',
    )

    await event_log.submit([event], token_id=None)

    rows = conn.execute(
        """SELECT account, stream, received_at, received_day::text, occurred_at, message_hash, body
           FROM event_log"""
    ).fetchall()
    assert rows == [
        (7, "büro", event.received_at, "2026-03-14", event.occurred_at, b"\x00\xff", event.body)
    ]


async def test_the_numbers_of_a_lane_have_no_gaps_and_keep_a_request_together(
    event_log: GroupCommit, conn: Connection, incoming: Make
) -> None:
    requests = [[incoming(f'{{"n":{n * 3 + m}}}') for m in range(3)] for n in range(40)]

    await asyncio.gather(*(event_log.submit(events, token_id=None) for events in requests))

    rows = logged(conn)
    assert len(rows) == 120
    for lane in {lane for lane, _, _ in rows}:
        numbers = [seq for its_lane, seq, _ in rows if its_lane == lane]
        assert numbers == list(range(1, len(numbers) + 1))
    places = {body: (lane, seq) for lane, seq, body in rows}
    for events in requests:
        lane, seq = places[events[0].body]
        assert [places[event.body] for event in events] == [(lane, seq + n) for n in range(3)]


async def test_requests_that_wait_together_share_a_transaction(
    event_log: GroupCommit, conn: Connection, incoming: Make
) -> None:
    await asyncio.gather(*(event_log.submit([incoming()], token_id=None) for _ in range(40)))

    groups = conn.execute("SELECT count(DISTINCT xmin::text) FROM event_log").fetchone()
    assert groups is not None
    assert groups[0] < 10


async def test_a_token_revoked_after_the_door_let_it_in_writes_nothing(
    event_log: GroupCommit, conn: Connection, incoming: Make, make_token: Callable[..., int]
) -> None:
    good, revoked = make_token(), make_token()
    conn.execute("UPDATE access_token SET revoked_at = %s WHERE id = %s", [NOW, revoked])

    answers = await asyncio.gather(
        event_log.submit([incoming('{"by":"good"}')], token_id=good),
        event_log.submit([incoming('{"by":"revoked"}')] * 2, token_id=revoked),
        event_log.submit([incoming('{"by":"nobody"}')], token_id=None),
        return_exceptions=True,
    )

    assert [type(answer) for answer in answers] == [type(None), TokenRevokedError, type(None)]
    assert sorted(body for _, _, body in logged(conn)) == ['{"by":"good"}', '{"by":"nobody"}']
    heads = conn.execute("SELECT sum(seq) FROM lane_head").fetchone()
    assert heads == (2,)


async def test_a_token_writes_nothing_from_its_expiry_on(
    event_log: GroupCommit, incoming: Make, make_token: Callable[..., int]
) -> None:
    lasting = make_token(expires_at=NOW + timedelta(seconds=1))
    expired = make_token(expires_at=NOW)

    await event_log.submit([incoming()], token_id=lasting)
    with pytest.raises(TokenRevokedError):
        await event_log.submit([incoming()], token_id=expired)


async def test_a_full_line_refuses_at_once(
    pool: AsyncPool, conn: Connection, incoming: Make
) -> None:
    limits = LogLimits(group_ms=0, queue_requests=3)
    async with GroupCommit(pool, lanes=[0], limits=limits, clock=lambda: NOW) as log:
        with conn.transaction():
            conn.execute("SELECT * FROM lane_head FOR UPDATE")
            held = [asyncio.create_task(log.submit([incoming()], token_id=None)) for _ in range(3)]
            await until_waiting(log, 0)
            held += [asyncio.create_task(log.submit([incoming()], token_id=None)) for _ in range(3)]
            await until_waiting(log, 3)

            with pytest.raises(LogUnavailableError) as refusal:
                await log.submit([incoming()], token_id=None)

        await asyncio.gather(*held)
        assert refusal.value.retry_after
        assert len(logged(conn)) == 6


async def test_bytes_that_wait_are_bounded_too(
    pool: AsyncPool, conn: Connection, incoming: Make
) -> None:
    limits = LogLimits(group_ms=0, queue_bytes=1_000)
    big = incoming('{"a":"' + "x" * 600 + '"}')
    async with GroupCommit(pool, lanes=[0], limits=limits, clock=lambda: NOW) as log:
        with conn.transaction():
            conn.execute("SELECT * FROM lane_head FOR UPDATE")
            held = [asyncio.create_task(log.submit([big], token_id=None))]
            await until_waiting(log, 0)
            held.append(asyncio.create_task(log.submit([big], token_id=None)))
            await until_waiting(log, 1)

            with pytest.raises(LogUnavailableError):
                await log.submit([big], token_id=None)

        await asyncio.gather(*held)


async def test_a_write_that_fails_answers_that_the_log_is_unavailable(
    event_log: GroupCommit, conn: Connection, incoming: Make
) -> None:
    conn.execute("ALTER TABLE event_log RENAME TO gone")

    with pytest.raises(LogUnavailableError):
        await event_log.submit([incoming()], token_id=None)

    conn.execute("ALTER TABLE gone RENAME TO event_log")
    await event_log.submit([incoming()], token_id=None)
    assert len(logged(conn)) == 1


async def test_connections_cut_before_the_commit_cost_no_sender_an_error(
    event_log: GroupCommit, conn: Connection, incoming: Make
) -> None:
    await asyncio.gather(*(event_log.submit([incoming()], token_id=None) for _ in range(5)))
    conn.execute(
        """SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
           WHERE datname = current_database() AND pid <> pg_backend_pid()
             AND backend_type = 'client backend'"""
    )

    await event_log.submit([incoming()], token_id=None)

    assert len(logged(conn)) == 6


async def test_leaving_the_log_writes_what_waits_then_refuses(
    pool: AsyncPool, conn: Connection, incoming: Make
) -> None:
    async with GroupCommit(
        pool, lanes=[0, 1], limits=LogLimits(group_ms=200), clock=lambda: NOW
    ) as log:
        waiting = [asyncio.create_task(log.submit([incoming()], token_id=None)) for _ in range(5)]
        await asyncio.sleep(0)

    await asyncio.gather(*waiting)
    assert len(logged(conn)) == 5
    with pytest.raises(LogUnavailableError, match="stopping"):
        await log.submit([incoming()], token_id=None)


async def test_a_day_without_a_partition_gets_one(
    event_log: GroupCommit, conn: Connection, incoming: Make
) -> None:
    later = NOW + timedelta(days=30)

    await event_log.submit([incoming(at=later)], token_id=None)

    assert conn.execute("SELECT received_day FROM event_log").fetchall() == [(later.date(),)]


async def test_a_new_log_makes_its_lanes_and_days(pool: AsyncPool, database_url: str) -> None:
    async with GroupCommit(pool, lanes=range(3), limits=LogLimits(), clock=lambda: NOW):
        pass

    with psycopg.connect(database_url) as conn:
        assert conn.execute("SELECT count(*) FROM lane WHERE lane < 3").fetchone() == (3,)
        days = conn.execute(
            "SELECT count(*) FROM pg_inherits WHERE inhparent = 'event_log'::regclass"
        ).fetchone()
        assert days == (8,)
