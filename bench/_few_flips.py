"""How soon after its instant a membership ends, while events come in as on any day."""

import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import entity
import msgspec
from _arrivals import Plan
from _load import percentile

from coterie.app.up import current_environment, running_product
from coterie.base.clock import system_clock, to_us
from coterie.base.ids import keyed_hash
from coterie.base.settings import Settings
from coterie.control.definitions.audiences import create_audience, get_audience
from coterie.control.definitions.schema import current_schema
from coterie.flow.identity.owners import save_owners
from coterie.flow.profiles.operators import operator
from coterie.flow.profiles.storage import save_profiles
from coterie.flow.run.generations import enter_live_generation
from coterie.model.profile import EvaluatedProfile, FoldedProfile, Fragment
from coterie.model.schema import Field
from coterie.store import Store

FLIPS_A_SECOND = 5
STAY = timedelta(days=30)
LEAD = timedelta(seconds=5)
LAST_EXITS = 30.0
EXITS = """
SELECT seq, replace(profile_id::text, '-', '') FROM change
WHERE kind = 'exit' AND audience_id = %s ORDER BY lane, seq, n
"""


def measure_few(people: int, seconds: float) -> Mapping[str, int | float]:
    """Let a few people of many leave each second; return how late that can be read."""
    env = {**current_environment(), "COTERIE_LOG_LEVEL": "error"}
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), log_level="error")
        with running_product(settings, env) as product, Store.open(product.url) as store:
            account, token = entity.fill(store, people)
            seen = make_audience(store, account)
            parts = urlsplit(product.address)
            plan = Plan(
                host=parts.hostname or "", port=parts.port or 80, token=token, account=account,
                people=people, reads_per_second=0.0, events_per_second=entity.EVENTS,
                seconds=seconds, warm_up=LEAD.total_seconds(),
            )  # fmt: skip
            due = add_leavers(store, account, seen, round(FLIPS_A_SECOND * seconds))
            late = watch(store, seen, due, plan)
    return {
        "profiles_beside": people,
        "flips_a_second": FLIPS_A_SECOND,
        "events_a_second": round(entity.EVENTS),
        "flips": len(due),
        "lost": len(due) - len(late),
        "after_instant_p50_ms": round(1_000 * statistics.median(late or [0.0])),
        "after_instant_p99_ms": round(1_000 * percentile(late, 0.99)),
        "after_instant_max_ms": round(1_000 * percentile(late, 1.0)),
    }


def make_audience(store: Store, account: int) -> int:
    """Make the audience that people leave, and wait until the product has built it and its kin."""
    create_audience(
        store, account=account, slug="seen", name="Seen lately",
        filter_text=f'FILTER last_seen > "now-{STAY.days}d"', actor=entity.ACTOR,
        clock=system_clock,
    )  # fmt: skip
    entity.wait_until_built(store, account, ("everyone", "seen"))
    return get_audience(store, account, "seen").id


def add_leavers(store: Store, account: int, seen: int, count: int) -> dict[str, float]:
    """Write people who leave one after the other from a few seconds on; return when, by profile."""
    known = {field.name: field for field in current_schema(store, account).fields}
    begin = system_clock() + LEAD
    everyone = get_audience(store, account, "everyone").id
    made = [
        leaver(number, known, (everyone, seen), begin + timedelta(seconds=number / FLIPS_A_SECOND))
        for number in range(count)
    ]
    owners = {
        part.identifier: one.folded.profile_id for one in made for part in one.folded.fragments
    }
    with store.transaction() as conn:
        enter_live_generation(conn)
        save_owners(conn, account, owners, {})
        save_profiles(conn, account, made, {})
    return {
        one.folded.profile_id: one.next_flip.timestamp()
        for one in made
        if one.next_flip is not None
    }


def leaver(
    number: int, known: Mapping[str, Field], audiences: tuple[int, ...], instant: datetime
) -> EvaluatedProfile:
    """Return somebody who was seen last so long ago that they leave at an instant."""
    last = instant - STAY
    at_us, user_id = to_us(last), f"leaver-{number}"
    said = {"user_id": user_id, "last_seen": last}
    states = {
        known[name].id: operator(known[name]).fold(None, value, at_us)
        for name, value in said.items()
    }
    folded = FoldedProfile(
        keyed_hash(b"bench", "profile", user_id).hex(),
        None,
        (Fragment("user_id", user_id, at_us, at_us, states),),
        (),
        (),
        None,
        at_us,
    )
    return EvaluatedProfile(folded, tuple(sorted(audiences)), (at_us,) * len(audiences), instant)


def watch(store: Store, audience: int, due: Mapping[str, float], plan: Plan) -> list[float]:
    """Send events meanwhile; return how late each exit could be read, in rising order."""
    found: dict[str, float] = {}
    done = threading.Event()

    def look() -> None:
        with store.connect(autocommit=True) as conn:
            while not done.is_set() and len(found) < len(due):
                rows = conn.execute(EXITS, [audience]).fetchall()
                now = time.time()
                for _, profile_id in rows:
                    found.setdefault(profile_id, now)
                done.wait(0.01)

    watcher = threading.Thread(target=look)
    watcher.start()
    subprocess.run(
        entity.ARRIVALS, input=msgspec.json.encode(plan), stdout=subprocess.DEVNULL, check=True
    )
    watcher.join(LAST_EXITS)
    done.set()
    watcher.join()
    return sorted(found[who] - at for who, at in due.items() if who in found)
