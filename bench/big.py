"""How a large installation does: speed, sizes of tables, bloat, vacuum, at several sizes in turn.

One database grows from stage to stage. At each, new people with three identifiers come first, in
large batches, then live events about any of them, in batches of a worker's usual size; then an
audience of six clauses is previewed and the tables are measured. It prints each stage as it ends,
and takes an hour and more at the default sizes, with about 3 GB of disk for a million people.
"""

import shutil
import statistics
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

from _figures import Figure, Options, common_options, options_of, print_figures, print_table
from _people import audiences, first_event, next_events
from _postgres import ServerTime
from audiences import FILTER
from pipeline import BULK_BATCH, KEY, LIVE_BATCH, Drained, drain, fill, prepare

from coterie.app.services import config_source
from coterie.base.clock import system_clock
from coterie.flow.run.insights import Insights, InsightSettings
from coterie.store import Embedded, Store, migrate

STAGES, QUICK_STAGES = (1_000_000, 5_000_000, 10_000_000), (4_000, 8_000)
EVENTS, QUICK_EVENTS = 400_000, 8_000
PREVIEWS = 5
# So that a run that meets a smaller disk than it needs ends by itself, and takes nothing along.
LEAST_FREE_BYTES = 8 * 2**30
SHARED_BUFFERS_MB = 1_024
TABLES = ("event_log", "timeline", "seen_message", "change", "profile", "identity", "membership")
# Partitions count with their table.
SIZES = """
SELECT sum(pg_relation_size(c.oid)), sum(pg_indexes_size(c.oid)), sum(s.n_live_tup),
       sum(s.n_dead_tup), sum(s.n_tup_upd), sum(s.n_tup_hot_upd), sum(s.autovacuum_count)
FROM pg_class c JOIN pg_stat_user_tables s ON s.relid = c.oid
WHERE c.relkind = 'r' AND c.relname ~ %s
"""
# Where it stands now, so that two readings tell how much was written between them.
WRITTEN = "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')"
SPACE = "SELECT approx_free_percent, dead_tuple_percent FROM pgstattuple_approx(%s)"


def main() -> None:
    """Run the benchmark."""
    parser = common_options(__doc__ or "")
    parser.add_argument("--stages", help="how many people, in rising order, with commas")
    parser.add_argument("--events", type=int, help="how many live events a stage measures")
    given = parser.parse_args()
    options = options_of(given)
    stages: tuple[int, ...] = QUICK_STAGES if options.quick else STAGES
    events = QUICK_EVENTS if options.quick else EVENTS
    if given.stages:
        stages = tuple(int(stage) for stage in given.stages.split(","))
    with (
        tempfile.TemporaryDirectory(prefix="coterie-big-") as folder,
        Embedded.open(
            Path(folder), owner="bench/big.py", shared_buffers_mb=SHARED_BUFFERS_MB
        ) as server,
    ):
        migrate(server.url)
        with Store.open(server.url) as store, store.connect(autocommit=True) as conn:
            conn.execute("CREATE EXTENSION pgstattuple")
            run(store, stages, given.events or events, Path(folder), options)


def run(store: Store, stages: Sequence[int], events: int, folder: Path, options: Options) -> None:
    """Grow through all stages."""
    account = prepare(store, audiences())
    told: dict[str, Figure] = {}
    for before, people in zip((0, *stages), stages, strict=False):
        if shutil.disk_usage(folder).free < LEAST_FREE_BYTES:
            message = f"Less than 8 GB are free under {folder.parent}; {people:,} need more."
            raise SystemExit(message)
        figures = {
            "people": people,
            **grow(store, account, range(before, people)),
            **live(store, account, people, events),
            **preview(store, account),
            **dict(sizes(store)),
        }
        print_table(f"{people:,} people", figures)
        print(flush=True)
        told |= {f"{name}_at_{people}": figure for name, figure in figures.items()}
    print_figures("big", told, options)


def grow(store: Store, account: int, people: range) -> dict[str, Figure]:
    """Let so many new people come."""
    fill(store, account, (first_event(person) for person in people))
    drained, postgres, _ = measured(store, BULK_BATCH)
    return {
        "new_people_per_second": round(len(people) / drained.seconds),
        "worker_cpu_us_per_new_person": round(1e6 * drained.cpu_seconds / len(people), 1),
        "postgres_cpu_us_per_new_person": round(1e6 * postgres / len(people), 1),
    }


def live(store: Store, account: int, people: int, events: int) -> dict[str, Figure]:
    """Let events come about any of them."""
    fill(store, account, next_events(people, events, in_blocks=False))
    drained, postgres, written = measured(store, LIVE_BATCH)
    milliseconds = [1_000 * taken for taken in drained.batches]
    return {
        "events_per_second": round(events / drained.seconds),
        "batch_ms_p50": round(statistics.median(milliseconds), 1),
        "batch_ms_p99": round(statistics.quantiles(milliseconds, n=100)[98], 1),
        "worker_cpu_us_per_event": round(1e6 * drained.cpu_seconds / events, 1),
        "postgres_cpu_us_per_event": round(1e6 * postgres / events, 1),
        "wal_bytes_per_event": round(written / events),
        "worker_memory_mb": round(drained.memory_mb),
    }


def measured(store: Store, batch: int) -> tuple[Drained, float, int]:
    """Work the log off; return that, the server's processor seconds, what it wrote ahead."""
    server = ServerTime(store)
    before, place = server.seconds(), written_ahead(store)
    drained = drain(store.url, batch)
    return drained, server.seconds() - before, written_ahead(store) - place


def written_ahead(store: Store) -> int:
    """Return how many bytes of write-ahead log there were so far."""
    with store.transaction() as conn:
        row = conn.execute(WRITTEN).fetchone()
    return int(row[0]) if row else 0


def preview(store: Store, account: int) -> dict[str, Figure]:
    """Preview an audience a few times."""
    settings = InsightSettings(KEY)
    insights = Insights(store, config_source(), settings, time.monotonic, lambda: uuid.uuid4().hex)
    times = []
    for _ in range(PREVIEWS):
        started = time.perf_counter()
        insights.preview(account, FILTER, system_clock())
        times.append(1_000 * (time.perf_counter() - started))
    return {"preview_ms_p50": round(statistics.median(times)), "preview_ms_max": round(max(times))}


def sizes(store: Store) -> Iterator[tuple[str, Figure]]:
    """Yield how large each table is, what of it is free or dead, and how it was vacuumed."""
    with store.connect(autocommit=True) as conn:
        conn.execute("SELECT pg_stat_force_next_flush()")
        for table in TABLES:
            row = conn.execute(SIZES, (f"^{table}(_[0-9]+)?$",)).fetchone()
            heap, indexes, rows, dead, updates, hot, vacuums = (
                int(each or 0) for each in row or ()
            )
            yield f"{table}_rows", rows
            yield f"{table}_mb", round(heap / 2**20)
            yield f"{table}_indexes_mb", round(indexes / 2**20)
            yield f"{table}_dead_rows", dead
            yield f"{table}_autovacuums", vacuums
            if updates:
                yield f"{table}_hot_percent", round(100 * hot / updates, 1)
        for table in ("profile", "identity", "membership"):
            row = conn.execute(SPACE, (f"g1.{table}",)).fetchone()
            free, lost = row or (0.0, 0.0)
            yield f"{table}_free_percent", round(free, 1)
            yield f"{table}_dead_percent", round(lost, 1)
        row = conn.execute("SELECT pg_database_size(current_database())").fetchone()
        yield "database_gb", round(int(row[0] if row else 0) / 2**30, 2)


if __name__ == "__main__":
    main()
