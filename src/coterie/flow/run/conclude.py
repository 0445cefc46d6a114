"""What follows once values are folded: evaluate, diff, claim, write."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from coterie.base.clock import from_us, to_us
from coterie.flow.audiences.evaluate import Affected, Held
from coterie.flow.audiences.membership import save_memberships
from coterie.flow.changes.diff import membership_changes, merge_changes, split_changes
from coterie.flow.changes.record import BACKFILL_LANE, TIMER_LANE, Place, record_changes
from coterie.flow.eventlog.lanes import is_bulk
from coterie.flow.exports.claims import ClaimPlan, Snapshot, union
from coterie.flow.exports.wishes import save_plan
from coterie.flow.exports.withdrawals import Withdrawal, drop_withdrawn
from coterie.flow.profiles.storage import delete_profiles, save_profiles
from coterie.flow.run.context import AccountContext
from coterie.flow.run.withdrawing import find_withdrawals
from coterie.model.changes import Cause, Change
from coterie.model.profile import (
    EvaluatedProfile,
    FoldedProfile,
    Fragment,
    ProfileId,
    Resolution,
    StoredProfile,
)
from coterie.store import Connection

Stored = dict[ProfileId, StoredProfile]
NOTHING_RESOLVED = Resolution((), {}, {}, {})


class Conclusion(msgspec.Struct, frozen=True):
    """What a transaction is to write for the profiles of one account."""

    profiles: tuple[EvaluatedProfile, ...]
    changes: tuple[Change, ...]
    plan: ClaimPlan
    withdrawals: tuple[Withdrawal, ...] = ()


def conclude(
    context: AccountContext,
    folded: Sequence[FoldedProfile],
    stored: Stored,
    cause: Cause,
    resolution: Resolution = NOTHING_RESOLVED,
    only: Affected | None = None,
) -> Conclusion:
    """Return what follows from folded profiles: pure, nothing is written.

    With `only`, the profiles are asked about these audiences alone, unless a flip is due.
    """
    evaluated: list[EvaluatedProfile] = []
    changes: list[Change] = []
    plans: list[ClaimPlan] = []
    withdrawals: list[Withdrawal] = []
    continued: set[ProfileId] = set()
    versions = context.evaluator.versions
    for profile in folded:
        result = evaluate(context, profile, only)
        evaluated.append(result)
        prior = profile.prior
        if result.audiences != (prior.audiences if prior is not None else ()):
            at = from_us(profile.now_us)
            changes += membership_changes(result, versions, cause, at)
        if prior is not None:
            continued.add(prior.profile_id)
        plan = _plan(context, result)
        if plan is not None:
            plans.append(plan)
        withdrawals += find_withdrawals(context, profile, result.audiences)
    if resolution.dissolved or resolution.split_from:
        at = from_us(max(profile.now_us for profile in folded))
        merged_at = None if cause == "event" else at
        changes += merge_changes(resolution.dissolved, stored, continued, cause, merged_at)
        changes += split_changes(resolution.split_from, at, cause)
        plans += [
            context.exporter.plan(snapshot_of(context, stored[gone]), None)
            for gone in sorted(set(resolution.dissolved) - continued)
        ]
        plans.append(ClaimPlan((), context.feeder.forget(resolution.dissolved.keys() - continued)))
    return Conclusion(tuple(evaluated), tuple(changes), union(plans), tuple(withdrawals))


def evaluate(
    context: AccountContext, profile: FoldedProfile, only: Affected | None = None
) -> EvaluatedProfile:
    """Ask a profile's audiences about it: due flips first, else those that read what changed."""
    prior = profile.prior
    due = prior.next_flip if prior is not None else None
    if prior is None or (due is not None and to_us(due) <= profile.now_us):
        affected = context.evaluator.affected(None)
    elif only is not None:
        affected = only
    else:
        affected = context.evaluator.affected(profile.changed)
    view = context.viewer.facts(profile.fragments, profile.now_us, affected.reads)
    held, next_flip = context.evaluator.evaluate(
        view,
        affected,
        _held_before(profile),
        due,
        profile.now_us,
    )
    # The view also changes by itself when a value has been kept for long enough.
    ageing = context.viewer.next_ageing(profile.fragments, profile.now_us, affected.reads)
    flip = _earlier(next_flip, ageing)
    return EvaluatedProfile(profile, held.audiences, held.since_us, flip)


def write(
    conn: Connection,
    context: AccountContext,
    conclusion: Conclusion,
    stored: Stored,
    place: Place,
    resolution: Resolution = NOTHING_RESOLVED,
) -> Place:
    """Write a conclusion; return the place in the stream of changes after it."""
    account = context.number
    gone = sorted(resolution.dissolved)
    delete_profiles(conn, account, gone)
    save_profiles(conn, account, conclusion.profiles, stored)
    save_memberships(conn, account, conclusion.profiles, stored, gone)
    changes = () if context.is_silent else conclusion.changes
    after = record_changes(conn, account, changes, place)
    latest_us = max((item.folded.now_us for item in conclusion.profiles), default=0)
    # Who comes by the thousand must not keep a destination from hearing what happens now.
    is_load = is_bulk(place.lane) and place.lane < TIMER_LANE
    is_backfill = is_load or place.lane == BACKFILL_LANE
    save_plan(conn, account, conclusion.plan, now=from_us(latest_us), is_backfill=is_backfill)
    # After the outbox, as a sender locks them, too.
    drop_withdrawn(conn, account, conclusion.withdrawals, now=from_us(latest_us))
    return after


def snapshot_of(context: AccountContext, profile: StoredProfile) -> Snapshot:
    """Return a stored profile as the exports see it."""
    first = _first_us(profile.body.fragments)
    at_us = to_us(profile.updated_at)
    view = context.viewer.view(profile.body.fragments, at_us, context.exporter.reads)
    return Snapshot(profile.profile_id, first, _since(_held(profile)), view)


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)


def _plan(context: AccountContext, profile: EvaluatedProfile) -> ClaimPlan | None:
    """Return what a profile's change means to the exports; None if it cannot mean anything."""
    exporter, folded, prior = context.exporter, profile.folded, profile.folded.prior
    if not exporter.reads:
        return None
    first_us = _first_us(folded.fragments)
    if prior is not None and folded.changed is not None:
        same_audiences = prior.audiences == profile.audiences or not (
            exporter.audiences & (set(prior.audiences) ^ set(profile.audiences))
        )
        ids = context.field_ids
        renamed = any(ids.get(name) in folded.changed for name in exporter.reads)
        if same_audiences and not renamed and _first_us(prior.body.fragments) == first_us:
            return None
    held = _since(_held_before(folded))
    if prior is None and not exporter.audiences & (held.keys() | set(profile.audiences)):
        return None
    after = Snapshot(
        folded.profile_id,
        first_us,
        _since(Held(profile.audiences, profile.since_us)),
        context.viewer.view(folded.fragments, folded.now_us, exporter.reads),
    )
    before = snapshot_of(context, prior) if prior else None
    return exporter.plan(before, after, held=held, at_us=folded.now_us)


def _first_us(fragments: Sequence[Fragment]) -> int:
    return min([part.first_us for part in fragments])


def _held_before(profile: FoldedProfile) -> Held:
    """Return the audiences that held any part of a profile, with the earliest since."""
    if not profile.beside:
        return _held(profile.prior)
    held: dict[int, int] = {}
    for source in (profile.prior, *profile.beside):
        for audience_id, since in _since(_held(source)).items():
            held[audience_id] = min(since, held.get(audience_id, since))
    ordered = sorted(held)
    return Held(tuple(ordered), tuple([held[item] for item in ordered]))


def _held(profile: StoredProfile | None) -> Held:
    return Held() if profile is None else Held(profile.audiences, profile.body.since_us)


def _since(held: Held) -> dict[int, int]:
    return dict(zip(held.audiences, held.since_us, strict=True))
