"""How fast logged events become profiles, memberships, changes.

Embedded PostgreSQL and two workers; no exports. Everybody is seen once with three identifiers
first, then the measured events follow: each names one or two of a person's identifiers and sets
about six of twelve mapped fields, which twenty audiences read.
"""

import itertools
import multiprocessing
import random
import resource
import statistics
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.synchronize import Barrier
from pathlib import Path

import msgspec
from _figures import Options, print_figures, read_options

from coterie.app.roles import spare_the_collector
from coterie.app.services import config_source
from coterie.base.clock import system_clock
from coterie.control.accounts import create_account
from coterie.control.definitions.audiences import create_audience
from coterie.control.definitions.schema import publish_lql
from coterie.flow.collect.route import route_of
from coterie.flow.eventlog.append import COMMITTERS
from coterie.flow.eventlog.bulk import append_events
from coterie.flow.eventlog.prepare import ensure_days, ensure_lanes
from coterie.flow.eventlog.read import lanes_with_work
from coterie.flow.run.batch import BatchSettings
from coterie.model.control import Actor
from coterie.model.events import IncomingEvent
from coterie.store import Embedded, Store, migrate
from coterie.worker.loop import Worker, WorkerDependencies, prepare_connection

ACTOR = Actor(name="bench")
STREAM = "bench"
LANES = 4
WORKERS = 2
CHUNK = 5_000
_messages = itertools.count()
LQL = """
SELECT user_id KIND string, email(email) AS email KIND string,
  _uid AS _uids KIND []string MERGEOP merge,
  country KIND string, plan KIND string, toint(age) AS age KIND int,
  tonumber(amount) AS order_total KIND number MERGEOP sum,
  count(amount) AS order_count KIND int MERGEOP sum,
  todate(at) AS last_event_at KIND date MERGEOP max,
  set(tag) AS tags KIND []string MERGEOP merge,
  valuect(event) AS event_counts KIND map[string]intsum MERGEOP mapsum,
  page AS last_page KIND string
FROM bench INTO user BY user_id OR email OR _uids ALIAS bench
"""
COUNTRIES = ["DE", "FR", "IT", "ES", "NO", "SE", "DK", "FI", "PL", "NL"]
PLANS = ["free", "basic", "pro", "team"]
TAGS = [f"tag{number}" for number in range(40)]


def audiences() -> list[str]:
    """Return twenty filters of one to three clauses."""
    return [
        *(f'FILTER country = "{country}"' for country in COUNTRIES[:5]),
        *(f'FILTER AND (plan = "{plan}", age > 30)' for plan in PLANS),
        *(f"FILTER order_total > {limit}" for limit in (10, 100, 250, 1_000)),
        *(f'FILTER AND (order_count >= {n}, country IN ("DE", "FR"))' for n in (2, 5, 10)),
        'FILTER tags INTERSECTS ("tag1", "tag2")',
        'FILTER last_page LIKE "/shop/*"',
        "FILTER event_counts.view > 20",
        "FILTER NOT EXISTS email",
    ]


def main() -> None:
    """Run the benchmark."""
    options = read_options(__doc__ or "")
    with (
        tempfile.TemporaryDirectory() as folder,
        Embedded.open(Path(folder), owner="bench/pipeline.py", shared_buffers_mb=512) as server,
    ):
        migrate(server.url)
        with Store.open(server.url) as store:
            print_figures("pipeline", measure(store, options), options)


def measure(store: Store, options: Options) -> dict[str, int | float | str]:
    """Fill the log twice, work it off twice; the second time counts."""
    people, events = (10_000, 100_000) if options.quick else (100_000, 600_000)
    account = prepare(store)
    chance = random.Random(1)
    fill(store, account, (first_event(person) for person in range(people)))
    first = drain(store.url)
    fill(store, account, (next_event(chance, people) for _ in range(events)))
    then = drain(store.url)
    milliseconds = [1_000 * taken for taken in then.batches]
    return {
        "workers": WORKERS,
        "people": people,
        "events": events,
        "new_people_per_second": round(people / first.seconds),
        "events_per_second": round(events / then.seconds),
        "batch_ms_p50": round(statistics.median(milliseconds), 1),
        "batch_ms_p99": round(statistics.quantiles(milliseconds, n=100)[98], 1),
        "worker_cpu_us_per_event": round(1e6 * then.cpu_seconds / events, 1),
        "worker_memory_mb": round(then.memory_mb),
    }


class Drained(msgspec.Struct, frozen=True):
    """What it took to work the log off; times in seconds, the largest worker's memory."""

    seconds: float
    cpu_seconds: float
    batches: list[float]
    memory_mb: float


def drain(url: str) -> Drained:
    """Work the log off with several worker processes."""
    context = multiprocessing.get_context("spawn")
    gate = context.Barrier(WORKERS + 1)
    with ProcessPoolExecutor(
        WORKERS, mp_context=context, initializer=set_gate, initargs=(gate,)
    ) as pool:
        futures = [pool.submit(work, url) for _ in range(WORKERS)]
        gate.wait()
        started = time.perf_counter()
        parts = [future.result() for future in futures]
        seconds = time.perf_counter() - started
    return Drained(
        seconds,
        sum(part.cpu_seconds for part in parts),
        [taken for part in parts for taken in part.batches],
        max(part.memory_mb for part in parts),
    )


def set_gate(gate: Barrier) -> None:
    """Keep the barrier at which all workers of a process pool start together."""
    global _gate
    _gate = gate


_gate: Barrier | None = None


def work(url: str) -> Drained:
    """Be one worker, until the log is worked off."""
    spare_the_collector()
    with Store.open(url) as store, store.connect() as conn:
        prepare_connection(conn)
        settings = BatchSettings(b"k" * 32)
        deps = WorkerDependencies(store, config_source(), system_clock, settings)
        worker = Worker(deps, conn)
        if _gate is not None:
            _gate.wait()
        cpu, batches = time.process_time(), []
        while True:
            with store.transaction() as asking:
                lanes = lanes_with_work(asking)
            if not lanes:
                break
            for lane in lanes:
                started = time.perf_counter()
                if worker.process(lane).events:
                    batches.append(time.perf_counter() - started)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024
        return Drained(0.0, time.process_time() - cpu, batches, memory)


def prepare(store: Store) -> int:
    """Make the account with its schema and its audiences; return its number."""
    clock = system_clock
    account = create_account(store, name="Bench", actor=ACTOR, clock=clock).number
    publish_lql(store, account=account, text=LQL, actor=ACTOR, clock=clock)
    for number, text in enumerate(audiences()):
        create_audience(
            store,
            account=account,
            slug=f"audience_{number}",
            name=f"Audience {number}",
            description="",
            filter_text=text,
            actor=ACTOR,
            clock=clock,
        )
    with store.transaction() as conn:
        ensure_lanes(conn, LANES)
        ensure_days(conn, clock().date())
    return account


def fill(store: Store, account: int, bodies: Iterable[dict[str, object]]) -> None:
    """Append events as the collector does: a person's go to the lanes of one committer."""
    chunks: list[list[IncomingEvent]] = [[] for _ in range(COMMITTERS)]
    turns = [itertools.cycle(range(n, LANES, COMMITTERS)) for n in range(COMMITTERS)]

    def flush(n: int) -> None:
        with store.transaction() as conn:
            append_events(conn, next(turns[n]), chunks[n])
        chunks[n] = []

    for body in bodies:
        route = route_of(body)
        n = route % COMMITTERS
        chunks[n].append(
            IncomingEvent(
                account=account,
                stream=STREAM,
                received_at=system_clock(),
                body=msgspec.json.encode(body).decode(),
                message_hash=next(_messages).to_bytes(16, "big"),
                route=route,
            )
        )
        if len(chunks[n]) == CHUNK:
            flush(n)
    for n in range(COMMITTERS):
        flush(n)


def first_event(person: int) -> dict[str, object]:
    """Return the event that names all three identifiers of a person."""
    return {
        "user_id": f"user-{person}",
        "email": f"User{person}@example.com",
        "_uid": f"cookie-{person}",
        "country": COUNTRIES[person % len(COUNTRIES)],
        "plan": PLANS[person % len(PLANS)],
        "age": 18 + person % 60,
        "at": "2026-01-01T00:00:00Z",
        "event": "sign_up",
    }


def next_event(chance: random.Random, people: int) -> dict[str, object]:
    """Return what a person does next: mostly a page, at times an order or a new plan."""
    person = chance.randrange(people)
    body: dict[str, object] = {
        "_uid": f"cookie-{person}",
        "at": f"2026-01-{chance.randint(2, 28):02}T{chance.randint(0, 23):02}:00:00Z",
        "event": chance.choice(("view", "search", "click")),
        "page": f"/shop/{chance.randint(1, 500)}",
        "tag": chance.choice(TAGS),
    }
    if chance.random() < 0.3:
        body["user_id"] = f"user-{person}"
    if chance.random() < 0.1:
        body |= {"event": "order", "amount": chance.randint(100, 20_000) / 100}
    if chance.random() < 0.02:
        body["plan"] = chance.choice(PLANS)
    return body


if __name__ == "__main__":
    main()
