"""Tell exports what differs once a replay has taken the place of what was live."""

from collections.abc import Sequence
from datetime import datetime
from itertools import chain

from coterie.flow.exports.claims import ClaimPlan, union
from coterie.flow.exports.wishes import save_plan
from coterie.flow.exports.withdrawals import drop_withdrawn
from coterie.flow.profiles.storage import lock_profiles, profiles_after, read_profiles
from coterie.flow.run.conclude import snapshot_of
from coterie.flow.run.context import AccountContext, Contexts
from coterie.flow.run.generations import enter_generation
from coterie.flow.run.replay import PROFILES_AT_ONCE
from coterie.flow.run.withdrawing import find_missing
from coterie.model.profile import ProfileId, StoredProfile
from coterie.store import Connection, load_queries

SQL = load_queries("generations")


def claim(
    conn: Connection,
    contexts: Contexts,
    generations: tuple[int, int],
    account: int,
    after: ProfileId,
    *,
    now: datetime,
) -> ProfileId | None:
    """Claim what differs for the next profiles of either generation; None if there are no more.

    `generations` are the one before and the one that is live now. Exports see differences alone.
    """
    old, new = generations
    enter_generation(conn, new)
    contexts.refresh(conn)
    context = contexts.get(account)
    if not context.exporter.reads and context.gates.is_open:
        return None
    ids = profiles_after(conn, account, after, limit=PROFILES_AT_ONCE)
    enter_generation(conn, old)
    gone = profiles_after(conn, account, after, limit=PROFILES_AT_ONCE)
    enter_generation(conn, new)
    both = _next_ids(ids, gone)
    if not both:
        return None
    held = lock_profiles(conn, account, both)
    enter_generation(conn, old)
    before = {each.profile_id: each for each in read_profiles(conn, account, both)}
    enter_generation(conn, new)
    plans = [_difference(context, before.get(item), held.get(item)) for item in both]
    save_plan(conn, account, union(plans), now=now, is_backfill=True)
    # What waits was let through by what a profile was: after the outbox, as a sender locks them.
    missing = [find_missing(context, before.get(item), held.get(item)) for item in both]
    drop_withdrawn(conn, account, list(chain.from_iterable(missing)), now=now)
    return both[-1]


def previous_generation(conn: Connection, generation: int) -> int | None:
    """Return the generation that was live before this one, if its tables are still there."""
    row = conn.execute(SQL.retired_generation, {"number": generation}).fetchone()
    return None if row is None else int(row[0])


def _next_ids(one: Sequence[ProfileId], other: Sequence[ProfileId]) -> list[ProfileId]:
    """Return the ids up to the end of the shorter full page, so that no page skips any."""
    full = [ids[-1] for ids in (one, other) if len(ids) == PROFILES_AT_ONCE]
    merged = sorted({*one, *other})
    return [item for item in merged if item <= min(full)] if full else merged


def _difference(
    context: AccountContext, before: StoredProfile | None, after: StoredProfile | None
) -> ClaimPlan:
    return context.exporter.plan(
        None if before is None else snapshot_of(context, before),
        None if after is None else snapshot_of(context, after),
    )
