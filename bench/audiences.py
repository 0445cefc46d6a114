"""How fast an audience of six clauses is built over existing profiles, and what is asked of it.

An embedded PostgreSQL and two building processes, each of which takes ranges of profiles until the
audience is live. Profiles are written straight into the store with a dozen values; about one in
twenty is a member in the end. Before it is built it is previewed; after it two large audiences
are built beside it, and overlaps and the values of members are asked for.
"""

import multiprocessing
import tempfile
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import TypeVar

from _figures import Options, print_figures, read_options
from _load import percentile
from _people import COUNTRIES, LQL, PLANS, TAGS
from _postgres import ServerTime

from coterie.app.services import config_source
from coterie.base.clock import system_clock, to_us
from coterie.base.ids import keyed_hash
from coterie.base.seal import new_ring
from coterie.base.settings import Settings
from coterie.control.accounts import create_account
from coterie.control.definitions.audiences import create_audience, get_audience
from coterie.control.definitions.schema import publish_lql
from coterie.control.definitions.schema_versions import current_schema
from coterie.flow.audiences.membership import save_memberships
from coterie.flow.identity.owners import save_owners
from coterie.flow.profiles.operators import operator
from coterie.flow.profiles.storage import save_profiles
from coterie.flow.run.context import Contexts
from coterie.flow.run.generations import enter_live_generation
from coterie.flow.run.insights import Insights, InsightSettings
from coterie.flow.run.names import Names
from coterie.model.control import Actor, Audience
from coterie.model.insights import FieldReport
from coterie.model.profile import EvaluatedProfile, FoldedProfile, Fragment
from coterie.model.schema import Field
from coterie.store import Embedded, Store, migrate
from coterie.worker.builder import build_range
from coterie.worker.dependencies import Bench

Answer = TypeVar("Answer")

ACTOR = Actor(name="bench")
KEY = b"k" * 32
BUILDERS = 2
# A process that cannot start ends the run instead of being waited for.
START_SECONDS = 120.0
CHUNK = 5_000
QUESTIONS, QUICK_QUESTIONS = 20, 5
PEOPLE, QUICK_PEOPLE = 1_000_000, 60_000
FILTER = """FILTER AND (
  country IN ("DE", "FR", "IT")
  plan != "free"
  age > 25
  OR (order_total > 100, order_count >= 3)
  tags INTERSECTS ("tag1", "tag2", "tag3", "tag5", "tag8", "tag13")
  event_counts.view >= 3
)"""


LARGE = {
    "some": 'FILTER country IN ("DE", "ES", "NO", "SE", "DK")',
    "most": 'FILTER plan != "free"',
}


def main() -> None:
    """Run the benchmark."""
    options = read_options(__doc__ or "")
    with (
        tempfile.TemporaryDirectory() as folder,
        Embedded.open(Path(folder), owner="bench/audiences.py") as server,
    ):
        migrate(server.url)
        with Store.open(server.url) as store:
            print_figures("audiences", measure(store, options), options)


def measure(store: Store, options: Options) -> dict[str, int | float | str]:
    """Fill the store; preview the audience, then build it."""
    people = QUICK_PEOPLE if options.quick else PEOPLE
    times = QUICK_QUESTIONS if options.quick else QUESTIONS
    account = create_account(store, name="Bench", actor=ACTOR, clock=system_clock).number
    publish_lql(store, account=account, text=LQL, actor=ACTOR, clock=system_clock)
    fill(store, account, people)
    previews, estimated, off = preview(store, account, times)
    add_audience(store, account, "six", FILTER)
    server = ServerTime(store)
    before = server.seconds()
    seconds, cpu = build(store.url)
    postgres = server.seconds() - before
    found = built(store, account, "six")
    for slug, text in LARGE.items():
        add_audience(store, account, slug, text)
    build(store.url)
    overlaps, values = ask(store, account, times)
    return {
        "profiles": people,
        "builders": BUILDERS,
        "members": found.size,
        "profiles_per_second": round(people / seconds),
        "builder_cpu_us_per_profile": round(1e6 * cpu / people, 1),
        "postgres_cpu_us_per_profile": round(1e6 * postgres / people, 1),
        "preview_p50_ms": round(1_000 * percentile(previews, 0.5)),
        "preview_max_ms": round(1_000 * percentile(previews, 1.0)),
        "previewed_members": estimated,
        "preview_error_bar": off,
        "overlap_p50_ms": round(1_000 * percentile(overlaps, 0.5)),
        "overlap_max_ms": round(1_000 * percentile(overlaps, 1.0)),
        "field_info_p50_ms": round(1_000 * percentile(values, 0.5)),
        "field_info_max_ms": round(1_000 * percentile(values, 1.0)),
    }


def add_audience(store: Store, account: int, slug: str, text: str) -> None:
    """Make an audience that waits to be built."""
    create_audience(
        store,
        account=account,
        slug=slug,
        name=slug,
        filter_text=text,
        actor=ACTOR,
        clock=system_clock,
    )


def built(store: Store, account: int, slug: str) -> Audience:
    """Return an audience that is built; end the benchmark if it is not."""
    found = get_audience(store, account, slug)
    if found.state != "live":
        message = f"The audience {slug} is {found.state} still."
        raise SystemExit(message)
    return found


def fill(store: Store, account: int, people: int, *, audiences: tuple[int, ...] = ()) -> None:
    """Write so many profiles, as events would have made them, as members of some audiences."""
    known = {field.name: field for field in current_schema(store, account).fields}
    now = system_clock()
    for start in range(0, people, CHUNK):
        numbers = range(start, min(start + CHUNK, people))
        at_us = to_us(now - timedelta(days=1))
        made = [profile(number, known, at_us, audiences) for number in numbers]
        owners = {
            part.identifier: one.folded.profile_id for one in made for part in one.folded.fragments
        }
        with store.transaction() as conn:
            enter_live_generation(conn)
            save_owners(conn, account, owners, {})
            save_profiles(conn, account, made, {})
            save_memberships(conn, account, made, {}, ())
    with store.connect(autocommit=True) as conn:
        # As autovacuum would have done by the time that there are so many.
        conn.execute("VACUUM ANALYZE")


def profile(
    number: int, known: dict[str, Field], at_us: int, audiences: tuple[int, ...]
) -> EvaluatedProfile:
    """Return a profile with an identifier and eleven other values."""
    user_id = ("user_id", f"user-{number}")
    said = {
        "user_id": user_id[1],
        "country": COUNTRIES[number % len(COUNTRIES)],
        "plan": PLANS[number // 3 % len(PLANS)],
        "age": 18 + number % 60,
        "order_total": number % 997,
        "order_count": number % 7,
        "last_page": f"/shop/{number % 500}",
        "tags": [TAGS[number * step % len(TAGS)] for step in (1, 3, 7)],
        "event_counts": {"view": number % 50, "click": number % 20},
    }
    states = {
        known[name].id: operator(known[name]).fold(None, value, at_us)
        for name, value in said.items()
    }
    at = known["last_event_at"]
    states[at.id] = operator(at).fold(None, system_clock() - timedelta(days=number % 300), at_us)
    folded = FoldedProfile(
        keyed_hash(KEY, "profile", user_id[1]).hex(),
        None,
        (Fragment(*user_id, at_us, at_us, states),),
        (),
        (),
        None,
        at_us,
    )
    return EvaluatedProfile(folded, audiences, (at_us,) * len(audiences), None)


def preview(store: Store, account: int, times: int) -> tuple[list[float], int, str]:
    """Return how long each of some previews took, the last estimate, and how sure it was."""
    insights = open_insights(store)
    seconds, found = timed(lambda: insights.preview(account, FILTER, system_clock()), times)
    off = (found.high - found.low) / 2 / max(1, found.size)
    return seconds, found.size, f"{off:.1%}"


def ask(store: Store, account: int, times: int) -> tuple[list[float], list[float]]:
    """Return how long it took to say what the largest audience shares, and what its members are."""
    insights = open_insights(store)
    six, some, most = (built(store, account, slug) for slug in ("six", *LARGE))
    overlaps, _ = timed(lambda: insights.overlaps(account, most, [six, some]), times)

    def values() -> FieldReport:
        return insights.field_report(
            account, most.id, None, limit=20, hides_personal=False, now=system_clock()
        )

    return overlaps, timed(values, times)[0]


def open_insights(store: Store) -> Insights:
    """Return what the console asks."""
    return Insights(
        store,
        config_source(),
        InsightSettings(KEY),
        time.monotonic,
        lambda: uuid.uuid4().hex,
    )


def timed(question: Callable[[], Answer], times: int) -> tuple[list[float], Answer]:
    """Ask so many times, at least once; return the seconds in rising order, and the last answer."""
    seconds = []
    for _ in range(times):
        started = time.perf_counter()
        answer = question()
        seconds.append(time.perf_counter() - started)
    return sorted(seconds), answer


def build(url: str) -> tuple[float, float]:
    """Build what waits with several processes; return the seconds, and those of processors."""
    context = multiprocessing.get_context("spawn")
    gate = context.Barrier(BUILDERS + 1, timeout=START_SECONDS)
    with ProcessPoolExecutor(
        BUILDERS, mp_context=context, initializer=set_gate, initargs=(gate,)
    ) as pool:
        futures = [pool.submit(build_as_one, url) for _ in range(BUILDERS)]
        gate.wait()
        started = time.perf_counter()
        cpu = sum(future.result() for future in futures)
        return time.perf_counter() - started, cpu


def is_building(store: Store) -> bool:
    """Answer whether an audience is not built yet; wait a little if so."""
    with store.transaction() as conn:
        row = conn.execute("SELECT FROM audience WHERE state = 'building' LIMIT 1").fetchone()
    time.sleep(0.0 if row is None else 0.005)
    return row is not None


def set_gate(gate: Barrier) -> None:
    """Keep the barrier at which all builders start together."""
    global _gate
    _gate = gate


_gate: Barrier | None = None


def build_as_one(url: str) -> float:
    """Take ranges until everything is built; return the seconds of a processor that it took."""
    with Store.open(url) as store:
        contexts = Contexts(config_source(), Names(KEY))
        bench = Bench(Settings(), system_clock, new_ring(), store, contexts)
        if _gate is not None:
            _gate.wait()
        cpu = time.process_time()
        # None may be free for a moment, while another builder cuts an audience into buckets.
        while build_range(bench) or is_building(store):
            pass
        return time.process_time() - cpu


if __name__ == "__main__":
    main()
