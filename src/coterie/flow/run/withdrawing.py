"""Notices that people withdraw a consent, as their profiles are folded or replaced."""

from coterie.base.clock import to_us
from coterie.flow.exports.withdrawals import Withdrawal
from coterie.flow.run.context import AccountContext
from coterie.model.profile import FoldedProfile, StoredProfile


def find_withdrawals(context: AccountContext, profile: FoldedProfile) -> list[Withdrawal]:
    """Return the consents that a profile, or a part of it, had given and gives no more."""
    gates, viewer = context.gates, context.viewer
    # A generation that is being filled tells nobody of what once was.
    if context.is_silent or not gates.fields:
        return []
    parts = [part for part in (profile.prior, *profile.beside) if part is not None]
    if not parts:
        return []
    if profile.changed is not None:
        ids = context.field_ids
        if not any(ids.get(name) in profile.changed for name in gates.fields):
            return []
    nodes = {fragment.identifier for fragment in profile.fragments}
    named = {context.called.shown(node) for node in nodes}
    before = [
        (
            viewer.view(part.body.fragments, to_us(part.updated_at), gates.reads),
            all(fragment.identifier in nodes for fragment in part.body.fragments),
        )
        for part in parts
    ]
    after = viewer.view(profile.fragments, profile.now_us, gates.reads)
    return gates.find(profile.profile_id, named, before=before, after=after)


def find_missing(
    context: AccountContext, before: StoredProfile | None, after: StoredProfile | None
) -> list[Withdrawal]:
    """Return the consents that a profile does not give once a replay has made it anew."""
    gates = context.gates
    if after is None or not gates.fields:
        return []
    named = {context.called.shown(fragment.identifier) for fragment in after.body.fragments}
    views = [
        context.viewer.view(each.body.fragments, to_us(each.updated_at), gates.reads)
        for each in (after, before)
        if each is not None
    ]
    return gates.find_missing(after.profile_id, named, views)
