"""How soon after its instant a membership ends, while events come in as on any day."""

import statistics
import threading
import time
from collections.abc import Mapping
from datetime import datetime, timedelta

import entity
from _arrivals import Plan
from _load import percentile

from coterie.base.clock import to_us
from coterie.base.ids import keyed_hash
from coterie.control.definitions.schema_versions import current_schema
from coterie.flow.profiles.operators import operator
from coterie.model.profile import EvaluatedProfile, FoldedProfile, Fragment
from coterie.model.schema import Field
from coterie.store import Store

FLIPS_A_SECOND = 5
LAST_EXITS = 30.0
STAY = timedelta(days=30)
EXITS = """
SELECT replace(profile_id::text, '-', '') FROM change
WHERE kind = 'exit' AND audience_id = %s ORDER BY lane, seq, n
"""


def measure_few(
    store: Store, plan: Plan, audiences: tuple[int, int], begin: datetime
) -> Mapping[str, int | float]:
    """Let a few people leave each second from `begin` on; return how late that can be read.

    They are members of both `audiences`, and leave the second one, which holds people for 30 days.
    """
    due = add_leavers(store, plan, audiences, begin)
    late = watch(store, audiences[1], due, plan)
    return {
        "profiles_beside": plan.people,
        "flips_a_second": FLIPS_A_SECOND,
        "events_a_second": round(plan.events_per_second),
        "flips": len(due),
        "lost": len(due) - len(late),
        "after_instant_p50_ms": round(1_000 * statistics.median(late or [0.0])),
        "after_instant_p99_ms": round(1_000 * percentile(late, 0.99)),
        "after_instant_max_ms": round(1_000 * percentile(late, 1.0)),
    }


def add_leavers(
    store: Store, plan: Plan, audiences: tuple[int, int], begin: datetime
) -> dict[str, float]:
    """Write people who leave one after the other; return when, by profile."""
    known = {field.name: field for field in current_schema(store, plan.account).fields}
    made = [
        leaver(number, known, audiences, begin + timedelta(seconds=number / FLIPS_A_SECOND))
        for number in range(round(FLIPS_A_SECOND * plan.seconds))
    ]
    entity.write(store, plan.account, made)
    return {
        one.folded.profile_id: one.next_flip.timestamp()
        for one in made
        if one.next_flip is not None
    }


def leaver(
    number: int,
    known: Mapping[str, Field],
    audiences: tuple[int, int],
    instant: datetime,
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
                for (profile_id,) in rows:
                    if profile_id in due:
                        found.setdefault(profile_id, now)
                done.wait(0.01)

    watcher = threading.Thread(target=look)
    watcher.start()
    entity.load(plan)
    watcher.join(LAST_EXITS)
    done.set()
    watcher.join()
    return sorted(found[who] - at for who, at in due.items() if who in found)
