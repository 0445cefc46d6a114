"""How fast logged events become profiles, memberships, changes.

Embedded PostgreSQL and two workers; no exports. Everybody is seen once with three identifiers
first, in large batches; then the measured events follow: each names one or two of a person's
identifiers and sets about six of twelve mapped fields, which twenty audiences read. With --bulk
they come as an import brings them: in large batches, each of some people's many events. With
--copies most people are written straight into the store, since millions take the pipeline long.
"""

import itertools
import multiprocessing
import resource
import statistics
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.synchronize import Barrier
from pathlib import Path

import msgspec
from _copies import PATTERNS, check, write_copies
from _figures import Options, common_options, options_of, print_figures, say
from _people import LQL, STREAM, audiences, behavioural_audiences, first_event, next_events
from _postgres import ServerTime
from _steps import watch

from coterie.app.roles import spare_the_collector
from coterie.app.services import config_source
from coterie.base.clock import system_clock
from coterie.base.seal import new_ring
from coterie.base.settings import Settings
from coterie.control.accounts import create_account
from coterie.control.definitions.audiences import create_audience
from coterie.control.definitions.schema import publish_lql
from coterie.flow.collect.route import route_of
from coterie.flow.eventlog.bulk import append_events
from coterie.flow.eventlog.lanes import LINES, ensure_lanes
from coterie.flow.eventlog.prepare import ensure_days
from coterie.flow.eventlog.read import lanes_with_work
from coterie.flow.run.batch import BatchSettings
from coterie.flow.run.context import Contexts
from coterie.flow.run.names import Names
from coterie.model.control import Actor
from coterie.model.events import IncomingEvent
from coterie.store import Embedded, Store, migrate
from coterie.worker.builder import build_range
from coterie.worker.dependencies import Bench
from coterie.worker.loop import Worker, WorkerDependencies, prepare_connection

ACTOR = Actor(name="bench")
KEY = b"k" * 32
LANES = 4
WORKERS = 2
# A process that cannot start ends the run instead of being waited for.
START_SECONDS = 120.0
CHUNK = 5_000
BULK_BATCH = 20_000
PEOPLE, EVENTS = 100_000, 2_400_000
QUICK_PEOPLE, QUICK_EVENTS = 10_000, 60_000
LIVE_BATCH = BatchSettings(b"").limit
_messages = itertools.count()


class Task(msgspec.Struct, frozen=True):
    """What to measure; `batch` is the most events that a worker takes in one transaction.

    `shows_steps`: not how fast, but which steps of one worker take the time; `copies`: most people
    are copies of those whom the pipeline made.
    """

    people: int
    events: int
    batch: int
    is_bulk: bool
    filters: tuple[str, ...]
    shows_steps: bool
    copies: bool
    shared_buffers_mb: int | None


def main() -> None:
    """Run the benchmark."""
    task, options = read_task()
    with (
        tempfile.TemporaryDirectory() as folder,
        Embedded.open(
            Path(folder), owner="bench/pipeline.py", shared_buffers_mb=task.shared_buffers_mb
        ) as server,
    ):
        migrate(server.url)
        with Store.open(server.url) as store:
            print_figures("pipeline", measure(store, task), options)


def read_task() -> tuple[Task, Options]:
    """Return what the command line asks for."""
    parser = common_options(__doc__ or "")
    parser.add_argument("--people", type=int, help=f"how many (default {PEOPLE:,})")
    parser.add_argument("--events", type=int, help=f"how many are measured (default {EVENTS:,})")
    parser.add_argument("--bulk", action="store_true", help="as an import, with no live traffic")
    parser.add_argument(
        "--behaviour", action="store_true", help="with audiences that ask what people did"
    )
    parser.add_argument("--steps", action="store_true", help="which steps take a worker's time")
    parser.add_argument("--copies", action="store_true", help="write most people as copies")
    parser.add_argument(
        "--shared-buffers-mb", type=int, help="of PostgreSQL (default: by the machine's memory)"
    )
    given = parser.parse_args()
    options = options_of(given)
    people, events = (QUICK_PEOPLE, QUICK_EVENTS) if options.quick else (PEOPLE, EVENTS)
    batch = BULK_BATCH if given.bulk else LIVE_BATCH
    filters = (*audiences(), *(behavioural_audiences() if given.behaviour else ()))
    people, events = given.people or people, given.events or events
    buffers = given.shared_buffers_mb
    return (
        Task(people, events, batch, given.bulk, filters, given.steps, given.copies, buffers),
        options,
    )


def measure(store: Store, task: Task) -> dict[str, int | float | str]:
    """Fill the log twice, work it off twice; the second time counts."""
    account = prepare(store, task.filters)
    made = min(task.people, 2 * PATTERNS) if task.copies else task.people
    say(f"{made:,} people come")
    fill(store, account, (first_event(person) for person in range(made)))
    first = drain(store.url, BULK_BATCH)
    if task.copies:
        say(f"{task.people - made:,} people are copied")
        check(store, KEY, account)
        write_copies(store.url, KEY, account, range(made, task.people), WORKERS)
    say(f"{task.events:,} events come")
    fill(store, account, next_events(task.people, task.events, in_blocks=task.is_bulk))
    if task.shows_steps:
        with at_work(store.url, task.batch) as (own, worker):
            return {**watch(lambda: work_off(own, worker)).percent()}
    say("the events are worked off")
    server = ServerTime(store)
    before = server.seconds()
    then = drain(store.url, task.batch)
    postgres_seconds = server.seconds() - before
    milliseconds = [1_000 * taken for taken in then.batches]
    return {
        "workers": WORKERS,
        "people": task.people,
        "events": task.events,
        "events_a_batch": task.batch,
        "new_people_per_second": round(made / first.seconds),
        "events_per_second": round(task.events / then.seconds),
        "batch_ms_p50": round(statistics.median(milliseconds), 1),
        "batch_ms_p99": round(statistics.quantiles(milliseconds, n=100)[98], 1),
        "worker_cpu_us_per_event": round(1e6 * then.cpu_seconds / task.events, 1),
        "postgres_cpu_us_per_event": round(1e6 * postgres_seconds / task.events, 1),
        "worker_memory_mb": round(then.memory_mb),
    }


class Drained(msgspec.Struct, frozen=True):
    """What it took to work the log off; times in seconds, the largest worker's memory."""

    seconds: float
    cpu_seconds: float
    batches: list[float]
    memory_mb: float


def drain(url: str, batch: int) -> Drained:
    """Work the log off with several worker processes."""
    context = multiprocessing.get_context("spawn")
    gate = context.Barrier(WORKERS + 1, timeout=START_SECONDS)
    with ProcessPoolExecutor(
        WORKERS, mp_context=context, initializer=set_gate, initargs=(gate,)
    ) as pool:
        futures = [pool.submit(work, url, batch) for _ in range(WORKERS)]
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


def work(url: str, batch: int) -> Drained:
    """Be one worker, until the log is worked off."""
    spare_the_collector()
    with at_work(url, batch) as (store, worker):
        if _gate is not None:
            _gate.wait()
        cpu = time.process_time()
        batches = work_off(store, worker)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024
        return Drained(0.0, time.process_time() - cpu, batches, memory)


@contextmanager
def at_work(url: str, batch: int) -> Iterator[tuple[Store, Worker]]:
    """Yield a worker with a connection of its own, and the store to ask what there is to do."""
    with Store.open(url) as store, store.connect() as conn:
        prepare_connection(conn)
        settings = BatchSettings(KEY, limit=batch)
        yield (
            store,
            Worker(WorkerDependencies(store, config_source(), system_clock, settings), conn),
        )


def work_off(store: Store, worker: Worker) -> list[float]:
    """Process batches until no lane has work; return the seconds that each took."""
    batches: list[float] = []
    while True:
        with store.transaction() as asking:
            lanes = lanes_with_work(asking)
        if not lanes:
            return batches
        started = time.perf_counter()
        for report in worker.live_batches(lanes):
            ended = time.perf_counter()
            if report.events:
                batches.append(ended - started)
            started = ended


def prepare(store: Store, filters: Iterable[str]) -> int:
    """Make the account with its schema and its audiences; return its number."""
    clock = system_clock
    account = create_account(store, name="Bench", actor=ACTOR, clock=clock).number
    publish_lql(store, account=account, text=LQL, actor=ACTOR, clock=clock)
    for number, text in enumerate(filters):
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
    contexts = Contexts(config_source(), Names(KEY))
    bench = Bench(Settings(), clock, new_ring(), store, contexts)
    while build_range(bench):
        pass
    return account


def fill(store: Store, account: int, bodies: Iterable[dict[str, object]]) -> None:
    """Append events as the collector does: a person's go to the lanes of one committer."""
    chunks: list[list[IncomingEvent]] = [[] for _ in range(LINES)]
    turns = [itertools.cycle(range(n, LANES, LINES)) for n in range(LINES)]

    def flush(n: int) -> None:
        with store.transaction() as conn:
            append_events(conn, next(turns[n]), chunks[n])
        chunks[n] = []

    for body in bodies:
        route = route_of(body)
        n = route % LINES
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
    for n in range(LINES):
        flush(n)


if __name__ == "__main__":
    main()
