"""How long an event of this moment waits while a bulk load runs beside it.

A web and a worker process as in production, on an embedded PostgreSQL. Single events arrive at a
steady rate, first alone, then while a load of many rows goes through the same collector and the
same worker. `live` is the time from an event's arrival until its effects are committed, `answer`
the time until its sender has an answer.
"""

import asyncio
import gzip
import json
import os
import subprocess
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import aiohttp
from _figures import Options, print_figures, read_options
from _load import percentile
from collect import HOST, make_account, wait_until_ready

from coterie.app.database import prepare_database
from coterie.app.supervisor import serve_command
from coterie.app.up import free_port
from coterie.base.clock import system_clock
from coterie.base.settings import Settings
from coterie.flow.eventlog.lanes import FIRST_BULK_LANE
from coterie.store import Embedded, Store

PER_SECOND = 40
LOOK_SECONDS = 0.005
PROBES = "probe"
LOAD = "default"


class Watch(threading.Thread):
    """Notes when the cursor of each lane was first seen at or past a number."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self._url = url
        self.stop = threading.Event()
        self.seen: dict[int, list[tuple[int, datetime]]] = defaultdict(list)
        self.waiting = 0

    def run(self) -> None:
        """Look every few milliseconds until stopped."""
        with Store.open(self._url, max_size=1) as store:
            while not self.stop.wait(LOOK_SECONDS):
                with store.transaction() as conn:
                    rows = conn.execute(
                        "SELECT lane, cursor_seq, seq FROM lane JOIN lane_head USING (lane)"
                    ).fetchall()
                now = system_clock()
                self.waiting = sum(head - cursor for lane, cursor, head in rows)
                for lane, cursor, _ in rows:
                    seen = self.seen[lane]
                    if not seen or seen[-1][0] < cursor:
                        seen.append((cursor, now))

    def done_at(self, lane: int, seq: int) -> datetime | None:
        """Return when the event was first seen processed; None for not yet."""
        return next((at for cursor, at in self.seen[lane] if cursor >= seq), None)


def main() -> None:
    """Start everything, measure both phases, print the figures, stop everything."""
    options = read_options(__doc__ or "")
    rows, quiet = (20_000, 5.0) if options.quick else (200_000, 20.0)
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder))
        with Embedded.open(settings.data_dir, owner="bench/lanes.py") as server:
            prepare_database(server.url, settings, system_clock)
            account, token = make_account(server.url)
            port = free_port(HOST)
            with processes(server.url, settings.data_dir, port):
                watch = Watch(server.url)
                watch.start()
                phases = asyncio.run(measure(account, token, port, rows, quiet, watch))
                watch.stop.set()
                watch.join()
            report(server.url, watch, phases, rows, options)


@contextmanager
def processes(url: str, data_dir: Path, port: int) -> Iterator[None]:
    """Run the web and the worker role for as long as the block does."""
    env = {
        **os.environ,
        "COTERIE_DATABASE_URL": url,
        "COTERIE_DATA_DIR": str(data_dir),
        "COTERIE_HOST": HOST,
        "COTERIE_PORT": str(port),
        "COTERIE_LOG_LEVEL": "warning",
    }
    running = [subprocess.Popen(serve_command(role), env=env) for role in ("web", "worker")]
    try:
        wait_until_ready(running[0], port)
        yield
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(timeout=60)


async def measure(
    account: int, token: str, port: int, rows: int, quiet: float, watch: Watch
) -> dict[str, tuple[datetime, datetime, list[float]]]:
    """Return begin, end and answer times of both phases."""
    base = f"http://{HOST}:{port}"
    headers = {"Authorization": token}
    async with aiohttp.ClientSession(base, headers=headers) as session:
        await probe(session, account, asyncio.Event(), seconds=2.0)
        alone = await probe(session, account, asyncio.Event(), seconds=quiet)
        over = asyncio.Event()
        beside = asyncio.create_task(probe(session, account, over, seconds=600.0))
        body = gzip.compress(make_load(rows), 1)
        timeout = aiohttp.ClientTimeout(total=600)
        async with session.post(f"/collect/bulk/{LOAD}", data=body, timeout=timeout) as answer:
            text = await answer.text()
            if answer.status != 200 or json.loads(text)["data"]["message_count"] != rows:
                message = f"The load was answered {answer.status}: {text}"
                raise SystemExit(message)
        while watch.waiting > PER_SECOND:  # noqa: ASYNC110 - another process works meanwhile
            await asyncio.sleep(0.1)
        over.set()
        return {"alone": alone, "beside": await beside}


async def probe(
    session: aiohttp.ClientSession, account: int, over: asyncio.Event, *, seconds: float
) -> tuple[datetime, datetime, list[float]]:
    """Send single events at a steady rate; return begin, end and how long each answer took."""
    began, start = system_clock(), time.perf_counter()
    taken: list[float] = []
    pending: set[asyncio.Task[None]] = set()

    async def send(number: int) -> None:
        at = time.perf_counter()
        event = {"user_id": f"p{number % 500}", "event": PROBES}
        async with session.post(f"/c/{account}/default", json=event) as answer:
            await answer.read()
        taken.append(time.perf_counter() - at)

    number = 0
    while time.perf_counter() - start < seconds and not over.is_set():
        task = asyncio.create_task(send(number))
        pending.add(task)
        task.add_done_callback(pending.discard)
        number += 1
        await asyncio.sleep(max(0.0, start + number / PER_SECOND - time.perf_counter()))
    await asyncio.gather(*pending)
    return began, system_clock(), taken


def make_load(rows: int) -> bytes:
    """Return a CSV file about as many people."""
    lines = [b"user_id,email,first_name,city,order_amount"]
    lines += [b"b%d,b%d@example.org,Ada,Oslo,%d.50" % (n, n, n % 300) for n in range(rows)]
    return b"\n".join(lines) + b"\n"


def report(
    url: str,
    watch: Watch,
    phases: dict[str, tuple[datetime, datetime, list[float]]],
    rows: int,
    options: Options,
) -> None:
    """Print the waits of both phases."""
    with Store.open(url, max_size=1) as store, store.transaction() as conn:
        found = conn.execute(
            "SELECT lane, seq, received_at FROM event_log WHERE lane < %s", [FIRST_BULK_LANE]
        ).fetchall()
    figures: dict[str, float | int] = {"bulk_rows": rows}
    for name, (began, ended, answers) in phases.items():
        waits = sorted(
            (done - received).total_seconds() * 1_000
            for lane, seq, received in found
            if began <= received <= ended and (done := watch.done_at(lane, seq)) is not None
        )
        answered = sorted(seconds * 1_000 for seconds in answers)
        for share, label in ((0.5, "p50"), (0.99, "p99"), (1.0, "max")):
            figures[f"live_{name}_{label}_ms"] = round(percentile(waits, share), 1)
        figures[f"answer_{name}_p99_ms"] = round(percentile(answered, 0.99), 1)
    began, ended, _ = phases["beside"]
    figures["bulk_rows_per_second"] = round(rows / (ended - began).total_seconds(), 1)
    print_figures("lanes", figures, options)


if __name__ == "__main__":
    main()
