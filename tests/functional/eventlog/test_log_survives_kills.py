"""The database is killed under load: no answered event is lost, and the log goes on."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from coterie.flow.eventlog.append import GroupCommit
from coterie.flow.eventlog.queue import LogLimits, LogUnavailableError
from coterie.model.events import IncomingEvent
from coterie.store import Embedded, migrate, open_async_pool
from coterie.store.folder import Folder
from coterie.store.postmaster import find_live_postmaster

NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Embedded]:
    with Embedded.open(tmp_path, owner="pytest", shared_buffers_mb=32) as server:
        migrate(server.url)
        yield server


def kill_server(data_dir: Path) -> None:
    running = find_live_postmaster(Folder.at(data_dir).pgdata)
    assert running is not None
    os.kill(running.pid, signal.SIGKILL)


async def send(log: GroupCommit, sender: int, answered: list[str], *, stop: asyncio.Event) -> None:
    n = 0
    while not stop.is_set():
        n += 1
        body = f'{{"sender":{sender},"n":{n}}}'
        event = IncomingEvent(account=7, stream="web", received_at=NOW, body=body)
        try:
            await log.submit([event], token_id=None)
        except LogUnavailableError:
            await asyncio.sleep(0.02)
        else:
            answered.append(body)


async def until_answered(answered: list[str], count: int) -> None:
    goal = len(answered) + count
    async with asyncio.timeout(60):
        while len(answered) < goal:  # noqa: ASYNC110 - the senders know nothing of this test
            await asyncio.sleep(0.01)


async def test_answered_events_outlive_a_killed_database(server: Embedded, tmp_path: Path) -> None:
    pool = await open_async_pool(server.url, min_size=2, max_size=4)
    answered: list[str] = []
    stop = asyncio.Event()
    limits = LogLimits(group_ms=1)
    async with GroupCommit(pool, lanes=range(4), limits=limits, clock=lambda: NOW) as log:
        senders = [asyncio.create_task(send(log, n, answered, stop=stop)) for n in range(20)]
        await until_answered(answered, 300)
        kill_server(tmp_path)
        await asyncio.to_thread(server.ensure_running)
        await until_answered(answered, 300)
        stop.set()
        await asyncio.gather(*senders)
    await pool.close()

    with psycopg.connect(server.url) as conn:
        logged = [body for (body,) in conn.execute("SELECT body FROM event_log")]
        gaps = conn.execute(
            """SELECT lane FROM event_log GROUP BY lane
               HAVING count(*) <> max(seq) OR max(seq) <> (
                   SELECT seq FROM lane_head WHERE lane_head.lane = event_log.lane)"""
        ).fetchall()
    assert set(answered) <= set(logged)
    assert len(logged) == len(set(logged))
    assert gaps == []
