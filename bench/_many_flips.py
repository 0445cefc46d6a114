"""How fast everybody leaves at one instant, and how long live events wait meanwhile."""

import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

import entity
import msgspec
from _arrivals import Plan
from _figures import say
from _load import percentile

from coterie.store import Store

# Longer than it takes anywhere; the events end with those who leave.
LONGEST = 3_600.0
LEAD = 2.0
LOOK_SECONDS = 0.05
DRAIN_LOOK_SECONDS = 0.2
LEAVING = "SELECT EXISTS (SELECT FROM g1.profile WHERE next_flip <= %s)"
LEFT = """
SELECT count(*) FROM change WHERE kind = 'exit' AND audience_id = %s AND changed_at >= %s
"""
# How long the event that waits longest has waited.
WAITING = """
SELECT extract(epoch FROM clock_timestamp() - min(e.received_at)) FROM lane l
JOIN event_log e ON e.lane = l.lane AND e.seq = l.cursor_seq + 1
WHERE e.received_at >= %s
"""
Used = Callable[[], tuple[float, float]]


class Costs(msgspec.Struct, frozen=True):
    """What a second of live events takes of the processors: of the worker, of PostgreSQL."""

    worker: float
    postgres: float


def measure_many(
    store: Store, plan: Plan, audience: int, instant: datetime, used: Used, beside: Costs
) -> Mapping[str, int | float]:
    """Let events come, and everybody leave at `instant`; `beside` is what the events cost."""
    waits: list[float] = []
    time.sleep(max(0.0, instant.timestamp() - LEAD - time.time()))
    with events(plan), watching(store, instant, waits):
        time.sleep(max(0.0, instant.timestamp() - time.time()))
        say("everybody leaves")
        before, began = used(), time.perf_counter()
        with store.connect(autocommit=True) as conn:
            while is_true(conn.execute(LEAVING, [instant]).fetchone()):
                time.sleep(DRAIN_LOOK_SECONDS)
            seconds = time.perf_counter() - began
            after = used()
            row = conn.execute(LEFT, [audience, instant]).fetchone()
    left = int(row[0]) if row else 0
    worker, postgres = (
        1e6 * (last - first - seconds * cost) / max(1, left)
        for first, last, cost in zip(before, after, msgspec.structs.astuple(beside), strict=True)
    )
    ordered = sorted(waits)
    return {
        "left_at_once": left,
        "seconds": round(seconds, 1),
        "left_per_second": round(left / seconds),
        "worker_cpu_us_per_flip": round(worker, 1),
        "postgres_cpu_us_per_flip": round(postgres, 1),
        "event_waits_p50_ms": round(1_000 * percentile(ordered, 0.5)),
        "event_waits_p99_ms": round(1_000 * percentile(ordered, 0.99)),
        "event_waits_max_ms": round(1_000 * percentile(ordered, 1.0)),
    }


def is_true(row: tuple[object, ...] | None) -> bool:
    """Answer what a question with one answer was answered."""
    return row is not None and row[0] is True


@contextmanager
def events(plan: Plan) -> Iterator[None]:
    """Let events come in until the end of the block."""
    longer = msgspec.structs.replace(plan, seconds=LONGEST)
    process = subprocess.Popen(entity.ARRIVALS, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    try:
        if process.stdin is not None:
            process.stdin.write(msgspec.json.encode(longer))
            process.stdin.close()
        yield
    finally:
        process.terminate()
        process.wait()


@contextmanager
def watching(store: Store, since: datetime, waits: list[float]) -> Iterator[None]:
    """Note again and again how long the event that waits longest has waited, if one does.

    Events that came before `since` are not asked about.
    """
    done = threading.Event()

    def look() -> None:
        with store.connect(autocommit=True) as conn:
            while not done.wait(LOOK_SECONDS):
                row = conn.execute(WAITING, [since]).fetchone()
                waits.append(float(row[0] or 0.0) if row else 0.0)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
