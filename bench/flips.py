"""How soon a few people leave an audience, and how fast everybody does at one instant.

The few: the whole product runs, 1,000 events a second come in about people at random, and each
second five other people leave by the passing of time. How late that can be read is measured.

The many, and how long live events wait meanwhile:

Profiles are written straight into the store, all with the same latest event, and an audience of
those seen in the last 30 days is built. Then the clock is set to the instant at which all of them
leave, and one worker works that off. After each portion it looks for live events, so no event waits
longer than a portion takes.
"""

import statistics
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

from _few_flips import measure_few
from _figures import Options, print_figures, read_options
from _people import LQL
from _postgres import ServerTime
from audiences import ACTOR, CHUNK, KEY

from coterie.app.roles import spare_the_collector
from coterie.app.services import config_source
from coterie.base.clock import system_clock, to_us
from coterie.base.ids import keyed_hash
from coterie.base.seal import new_ring
from coterie.base.settings import Settings
from coterie.control.accounts import create_account
from coterie.control.definitions.audiences import create_audience, get_audience
from coterie.control.definitions.schema import current_schema, publish_lql
from coterie.flow.profiles.operators import operator
from coterie.flow.profiles.storage import save_profiles
from coterie.flow.run.batch import BatchSettings
from coterie.flow.run.context import Contexts
from coterie.flow.run.generations import enter_live_generation
from coterie.flow.run.names import Names
from coterie.model.control import Actor
from coterie.model.profile import EvaluatedProfile, FoldedProfile, Fragment
from coterie.model.schema import Field
from coterie.store import Embedded, Store, migrate
from coterie.worker.builder import build_range
from coterie.worker.dependencies import Bench
from coterie.worker.loop import Worker, WorkerDependencies, prepare_connection

PEOPLE, QUICK_PEOPLE = 1_000_000, 10_000
QUICK_BESIDE = 20_000
DAYS = 30
FILTER = f'FILTER last_event_at > "now-{DAYS}d"'


class StandingClock:
    """A clock that shows what it was set to."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """Return the instant it was set to."""
        return self.now


def main() -> None:
    """Run the benchmark."""
    options = read_options(__doc__ or "")
    with (
        tempfile.TemporaryDirectory() as folder,
        Embedded.open(Path(folder), owner="bench/flips.py", shared_buffers_mb=512) as server,
    ):
        migrate(server.url)
        with Store.open(server.url) as store:
            many = measure(store, options)
    few = measure_few(QUICK_BESIDE if options.quick else PEOPLE, 8.0 if options.quick else 60.0)
    print_figures("flips", {**few, **many}, options)


def measure(store: Store, options: Options) -> dict[str, int | float | str]:
    """Let everybody enter, then leave."""
    people = QUICK_PEOPLE if options.quick else PEOPLE
    now = system_clock()
    clock = StandingClock(now + timedelta(seconds=1))
    account = create_account(store, name="Bench", actor=ACTOR, clock=system_clock).number
    publish_lql(store, account=account, text=LQL, actor=ACTOR, clock=system_clock)
    fill(store, account, people, now)
    enter(store, account, Actor(name="bench"), clock)
    held = get_audience(store, account, "seen").size
    clock.now = now + timedelta(days=DAYS, seconds=1)
    spare_the_collector()
    server = ServerTime(store)
    with store.connect() as conn:
        prepare_connection(conn)
        settings = BatchSettings(KEY)
        worker = Worker(WorkerDependencies(store, config_source(), clock, settings), conn)
        before, cpu, began = server.seconds(), time.process_time(), time.perf_counter()
        portions = [0.0]
        while True:
            started = time.perf_counter()
            if not worker.turn():
                break
            portions.append(1_000 * (time.perf_counter() - started))
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        postgres = server.seconds() - before
    return {
        "profiles": people,
        "members_before": held,
        "members_after": get_audience(store, account, "seen").size,
        "flips_per_second": round(people / seconds),
        "worker_cpu_us_per_flip": round(1e6 * cpu / people, 1),
        "postgres_cpu_us_per_flip": round(1e6 * postgres / people, 1),
        "portion_ms_p50": round(statistics.median(portions), 1),
        "portion_ms_max": round(max(portions), 1),
    }


def fill(store: Store, account: int, people: int, at: datetime) -> None:
    """Write so many profiles with the same latest event."""
    known = {field.name: field for field in current_schema(store, account).fields}
    for start in range(0, people, CHUNK):
        made = [profile(number, known, at) for number in range(start, min(start + CHUNK, people))]
        with store.transaction() as conn:
            enter_live_generation(conn)
            save_profiles(conn, account, made, {})
    with store.connect(autocommit=True) as conn:
        conn.execute("VACUUM ANALYZE")


def profile(number: int, known: dict[str, Field], at: datetime) -> EvaluatedProfile:
    """Return a profile with an identifier and four other values."""
    at_us, user_id = to_us(at), f"user-{number}"
    said = {"user_id": user_id, "country": "NO", "plan": "pro", "age": number % 90}
    said |= {"last_event_at": at}
    states = {
        known[name].id: operator(known[name]).fold(None, value, at_us)
        for name, value in said.items()
    }
    folded = FoldedProfile(
        keyed_hash(KEY, "profile", user_id).hex(),
        None,
        (Fragment("user_id", user_id, at_us, at_us, states),),
        (),
        (),
        None,
        at_us,
    )
    return EvaluatedProfile(folded, (), (), None)


def enter(store: Store, account: int, actor: Actor, clock: StandingClock) -> None:
    """Make the audience and build it."""
    create_audience(
        store,
        account=account,
        slug="seen",
        name="Seen lately",
        filter_text=FILTER,
        actor=actor,
        clock=system_clock,
    )
    contexts = Contexts(config_source(), Names(KEY))
    bench = Bench(Settings(), clock, new_ring(), store, contexts)
    while build_range(bench):
        pass


if __name__ == "__main__":
    main()
