"""Tell what is different for a profile after a batch, as a list of changes."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from coterie.base.clock import from_us
from coterie.model.changes import Cause, Change
from coterie.model.profile import EvaluatedProfile, ProfileId, StoredProfile


def membership_changes(
    profile: EvaluatedProfile, versions: Mapping[int, int], cause: Cause, changed_at: datetime
) -> list[Change]:
    """Return who entered or left what: one change for each audience that differs."""
    prior = profile.folded.prior
    if prior is not None and prior.audiences == profile.audiences:
        return []
    before = set(prior.audiences) if prior else set()
    after = set(profile.audiences)
    return [
        Change(
            profile_id=profile.folded.profile_id,
            kind="enter" if audience_id in after else "exit",
            cause=cause,
            changed_at=changed_at,
            audience_id=audience_id,
            audience_version=versions.get(audience_id),
            cause_seq=profile.folded.cause_seq,
        )
        for audience_id in sorted(before ^ after)
    ]


def merge_changes(
    dissolved: Mapping[ProfileId, ProfileId],
    stored: Mapping[ProfileId, StoredProfile],
    continued: Iterable[ProfileId],
    cause: Cause = "event",
    changed_at: datetime | None = None,
) -> list[Change]:
    """Return a merge for each profile that is no more, after its exits.

    A profile that another one continues under a new id (`continued`) leaves nothing. Without
    `changed_at` it is the last that was seen of a profile.
    """
    went_on = set(continued)
    changes: list[Change] = []
    for gone, survivor in sorted(dissolved.items()):
        seen_us = max(item.last_us for item in stored[gone].body.fragments)
        at = changed_at or from_us(seen_us)
        if gone not in went_on:
            changes += [
                Change(
                    profile_id=gone,
                    kind="exit",
                    cause=cause,
                    changed_at=at,
                    audience_id=audience_id,
                    other_profile_id=survivor,
                )
                for audience_id in stored[gone].audiences
            ]
        changes.append(
            Change(
                profile_id=gone,
                kind="merge",
                cause=cause,
                changed_at=at,
                other_profile_id=survivor,
            )
        )
    return changes


def split_changes(
    split_from: Mapping[ProfileId, ProfileId], changed_at: datetime, cause: Cause = "event"
) -> list[Change]:
    """Return a split for each profile that was part of another one before."""
    return [
        Change(
            profile_id=part,
            kind="split",
            cause=cause,
            changed_at=changed_at,
            other_profile_id=origin,
        )
        for part, origin in sorted(split_from.items())
    ]
