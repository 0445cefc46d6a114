"""What is to be written of claims: a profile's wishes and their difference, put together."""

from collections.abc import Iterable, Mapping

import msgspec

from coterie.flow.exports.rules import Snapshot
from coterie.model.changes import ClaimChange, OmissionChange
from coterie.model.delivery import Items

DestinationRecipient = tuple[int, str]


class Wish(msgspec.Struct, frozen=True):
    """What jobs want one recipient to hold."""

    items: Items
    job_ids: tuple[int, ...]


class ClaimPlan(msgspec.Struct, frozen=True):
    """What must be written to the outbox and to the list of the omitted."""

    claims: tuple[ClaimChange, ...]
    omissions: tuple[OmissionChange, ...]


def omissions_between(
    before: Snapshot | None,
    after: Snapshot | None,
    old: Mapping[int, str],
    new: Mapping[int, str],
) -> tuple[OmissionChange, ...]:
    """Return how the list of the omitted changes, by job, as a profile does."""
    gone_from = before.profile_id if before else None
    at = after.profile_id if after else None
    changes = []
    for job_id in sorted(old.keys() | new.keys()):
        was, now = old.get(job_id), new.get(job_id)
        if gone_from is not None and was is not None and (now is None or gone_from != at):
            changes.append(OmissionChange(job_id=job_id, profile_id=gone_from, reason=None))
        if at is not None and now is not None and (now != was or gone_from != at):
            changes.append(OmissionChange(job_id=job_id, profile_id=at, reason=now))
    return tuple(changes)


def union(plans: Iterable[ClaimPlan]) -> ClaimPlan:
    """Put several plans into one."""
    collected = list(plans)
    return ClaimPlan(
        tuple(claim for plan in collected for claim in plan.claims),
        tuple(omission for plan in collected for omission in plan.omissions),
    )


def claim(
    place: DestinationRecipient,
    profile: Snapshot,
    wish: Wish | None,
    left: tuple[str, ...] = (),
) -> ClaimChange:
    """Return what a profile says about one recipient; without a wish it claims nothing there."""
    return ClaimChange(
        destination=place[0],
        recipient=place[1],
        profile_id=profile.profile_id,
        first_us=profile.first_us,
        items=None if wish is None else dict(sorted(wish.items.items())),
        left=left,
        job_ids=() if wish is None else wish.job_ids,
    )
