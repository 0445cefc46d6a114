"""Ask stored profiles again with no new data: due flips, audiences that are being built."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from coterie.base.clock import to_us
from coterie.flow.audiences.evaluate import Affected, CompiledAudience
from coterie.flow.audiences.membership import members_after
from coterie.flow.changes.record import BACKFILL_LANE, TIMER_LANE, take_place
from coterie.flow.exports.claims import union
from coterie.flow.exports.wishes import save_plan
from coterie.flow.profiles.scan import ASK, INSIDE, LazyFacts, Question, Scanned, parts_of, scan
from coterie.flow.profiles.storage import due_profiles, lock_profiles, profiles_after
from coterie.flow.run.conclude import conclude, snapshot_of, write
from coterie.flow.run.context import AccountContext, Contexts
from coterie.flow.run.filling import lock_filled
from coterie.model.changes import Cause
from coterie.model.profile import FoldedProfile, ProfileId, StoredProfile
from coterie.store import Connection
from coterie.store.fences import share_fence

FIRST_PROFILE: ProfileId = "0" * 32
# Reading histories takes long, and the profiles of a range stay locked meanwhile.
FILLED_AT_ONCE = 100
SCANNED_AT_ONCE = 1_000
# Who turns is locked until the transaction ends, and events of theirs wait.
WRITTEN_AT_ONCE = 1_000


def flip_due(conn: Connection, contexts: Contexts, *, now: datetime, limit: int) -> int:
    """Ask the profiles whose flip is due by `now`, at most `limit`; return how many were asked."""
    return flip_profiles(conn, contexts, due_profiles(conn, now=now, limit=limit), now=now)


def flip_profiles(
    conn: Connection, contexts: Contexts, due: Sequence[tuple[int, ProfileId]], *, now: datetime
) -> int:
    """Ask those of `due` (account, profile) that are due still; return the length of `due`."""
    if not due:
        return 0
    share_fence(conn)
    contexts.refresh(conn)
    place = take_place(conn, TIMER_LANE)
    by_account: dict[int, list[ProfileId]] = {}
    for account, profile_id in due:
        by_account.setdefault(account, []).append(profile_id)
    for account in sorted(by_account):
        context = contexts.get(account)
        stored = lock_filled(conn, context, by_account[account])
        late = {
            profile_id: profile
            for profile_id, profile in stored.items()
            if profile.next_flip is not None and profile.next_flip <= now
        }
        conclusion = conclude(context, _again(late.values(), now), late, "instant")
        place = write(conn, context, conclusion, late, place)
    return len(due)


def build_audience(
    conn: Connection,
    contexts: Contexts,
    audience: tuple[int, int],
    ids: tuple[ProfileId, ProfileId],
    *,
    now: datetime,
    limit: int,
) -> tuple[ProfileId, int] | None:
    """Ask the next profiles between two ids, at most `limit`, about one audience (account, id).

    Returns the last profile and how many were asked, None when there are no more. Profiles
    that live events touch meanwhile are asked there too, with the same answer; so nobody has to be
    locked, or written, whose answer is what it was.
    """
    account, audience_id = audience
    after, upto = ids
    share_fence(conn)
    contexts.refresh(conn)
    context = contexts.get(account)
    only = context.evaluator.only(audience_id)
    if context.unfilled:
        # The histories that are read are kept, whatever the answer.
        some = profiles_after(conn, account, after, limit=min(limit, FILLED_AT_ONCE), upto=upto)
        if some:
            _ask(conn, context, some, now, only, "backfill")
        return (some[-1], len(some)) if some else None
    [compiled] = only.audiences
    is_timed = compiled.filter.has_datemath or context.viewer.ages
    question = Question(
        account=account,
        upto=upto,
        audience_id=audience_id,
        known=context.evaluator.versions.keys(),
        now=now,
        is_timed=is_timed,
    )
    turns = _asker(context, compiled, now, is_timed=is_timed)
    turning: list[ProfileId] = []
    seen, last = 0, after
    while seen < limit and len(turning) < WRITTEN_AT_ONCE:
        most = min(limit - seen, SCANNED_AT_ONCE)
        profiles = scan(conn, question, after=last, limit=most)
        turning += [profile.profile_id for profile in profiles if turns(profile)]
        seen += len(profiles)
        if profiles:
            last = profiles[-1].profile_id
        if len(profiles) < most:
            break
    if turning:
        _ask(conn, context, turning, now, only, "backfill")
    return (last, seen) if seen else None


def empty_audience(
    conn: Connection, contexts: Contexts, audience: tuple[int, int], *, now: datetime, limit: int
) -> int:
    """Let `limit` members of an audience that is no longer kept current leave; return how many."""
    account, audience_id = audience
    share_fence(conn)
    contexts.refresh(conn)
    ids = members_after(conn, account, [audience_id], FIRST_PROFILE, limit=limit)
    if ids:
        # Asking about no audience at all still drops those that are not kept current.
        nothing = Affected((), frozenset())
        _ask(conn, contexts.get(account), ids, now, nothing, "definition")
    return len(ids)


def claim_members(
    conn: Connection,
    contexts: Contexts,
    export: tuple[int, Sequence[int]],
    after: ProfileId,
    *,
    now: datetime,
    limit: int,
) -> tuple[ProfileId, int] | None:
    """Claim for the next `limit` members of an export's audiences (account, audience ids).

    Returns the last profile and how many were seen, None when there are no more.
    """
    account, audience_ids = export
    share_fence(conn)
    contexts.refresh(conn)
    context = contexts.get(account)
    ids = members_after(conn, account, audience_ids, after, limit=limit)
    if not ids:
        return None
    stored = lock_profiles(conn, account, ids)
    plans = [
        context.exporter.restate(snapshot_of(context, stored[profile_id]))
        for profile_id in sorted(stored)
    ]
    save_plan(conn, account, union(plans), now=now, is_backfill=True)
    return ids[-1], len(ids)


def _asker(
    context: AccountContext, audience: CompiledAudience, now: datetime, *, is_timed: bool
) -> Callable[[Scanned], bool]:
    """Return what says whether asking a profile about one audience would change it.

    It says what `evaluate` does and makes none of its results, since most profiles stay as they
    are.
    """
    now_us = to_us(now)
    matches, reads = audience.filter.matches, audience.filter.reads
    has_datemath, ageing = audience.filter.has_datemath, context.viewer.next_ageing
    facts = LazyFacts(context.viewer.read_steps(reads), now_us)
    turn_to = facts.turn_to

    def turns(profile: Scanned) -> bool:
        _, standing, flip, body = profile
        if standing == ASK:
            return True
        parts = parts_of(body)
        turn_to(parts)
        if (matches(facts, now) is True) is not (standing == INSIDE):
            return True
        if not is_timed:
            return False
        instants = [ageing(parts, now_us, reads)]
        if has_datemath:
            instants.append(audience.filter.next_flip(facts, now))
        return any(at is not None and (flip is None or at < flip) for at in instants)

    return turns


def _ask(
    conn: Connection,
    context: AccountContext,
    ids: Sequence[ProfileId],
    now: datetime,
    only: Affected,
    cause: Cause,
) -> None:
    stored = lock_filled(conn, context, ids)
    conclusion = conclude(context, _again(stored.values(), now), stored, cause, only=only)
    write(conn, context, conclusion, stored, take_place(conn, BACKFILL_LANE))


def _again(profiles: Iterable[StoredProfile], now: datetime) -> list[FoldedProfile]:
    now_us = to_us(now)
    return [
        FoldedProfile(
            profile.profile_id,
            profile,
            profile.body.fragments,
            profile.body.held_edges,
            profile.body.refused,
            frozenset(),
            max(now_us, to_us(profile.updated_at)),
            standing=profile.body.standing,
        )
        for profile in profiles
    ]
