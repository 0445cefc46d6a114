"""Notices who withdraws a consent or is suppressed, as profiles are concluded or replaced."""

from collections.abc import Collection

from coterie.base.clock import to_us
from coterie.flow.exports.withdrawals import Standing, Withdrawal
from coterie.flow.run.context import AccountContext
from coterie.model.profile import FoldedProfile, StoredProfile


def find_withdrawals(
    context: AccountContext, profile: FoldedProfile, audiences: Collection[int]
) -> list[Withdrawal]:
    """Return which jobs may send nothing any more that waits for a profile, held by `audiences`."""
    gates, viewer = context.gates, context.viewer
    # A generation that is being filled tells nobody of what once was.
    if context.is_silent or gates.is_open:
        return []
    parts = [part for part in (profile.prior, *profile.beside) if part is not None]
    if not parts:
        return []
    if profile.changed is not None and not _may_withdraw(context, profile, parts, audiences):
        return []
    nodes = {fragment.identifier for fragment in profile.fragments}
    named = {context.called.shown(node) for node in nodes}
    before = [
        (
            standing_of(context, part),
            all(fragment.identifier in nodes for fragment in part.body.fragments),
        )
        for part in parts
    ]
    view = viewer.view(profile.fragments, profile.now_us, gates.reads)
    return gates.find(profile.profile_id, named, before=before, after=Standing(view, audiences))


def find_missing(
    context: AccountContext, before: StoredProfile | None, after: StoredProfile | None
) -> list[Withdrawal]:
    """Return which jobs may send nothing of a profile once a replay has made it anew."""
    gates = context.gates
    if after is None or gates.is_open:
        return []
    named = {context.called.shown(fragment.identifier) for fragment in after.body.fragments}
    stood = [standing_of(context, each) for each in (after, before) if each is not None]
    return gates.find_missing(after.profile_id, named, stood)


def standing_of(context: AccountContext, profile: StoredProfile) -> Standing:
    """Return a stored profile as the gates see it."""
    at_us = to_us(profile.updated_at)
    view = context.viewer.view(profile.body.fragments, at_us, context.gates.reads)
    return Standing(view, profile.audiences)


def _may_withdraw(
    context: AccountContext,
    profile: FoldedProfile,
    parts: Collection[StoredProfile],
    audiences: Collection[int],
) -> bool:
    gates, ids, changed = context.gates, context.field_ids, profile.changed or ()
    if any(ids.get(name) in changed for name in gates.fields):
        return True
    suppressing = gates.audiences.intersection(audiences)
    return any(not suppressing.issubset(part.audiences) for part in parts)
