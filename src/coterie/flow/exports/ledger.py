"""The outbox row of one recipient: who claims it, and what follows for what is wanted there."""

from collections.abc import Iterable

import msgspec

from coterie.model.changes import ClaimChange, OmissionChange
from coterie.model.delivery import Items, Told

# What a job without Existing Users never told: since 1970, by no request.
NEVER_TOLD = Told(None, 0, 0)

SHADOWED = "an older profile has the same user at the destination"
"""The reason of who is omitted because somebody else owns the recipient."""


class Claim(msgspec.Struct, frozen=True, array_like=True):
    """One profile's wish for a recipient."""

    profile_id: str
    first_us: int
    items: Items
    job_ids: tuple[int, ...]


class OutboxState(msgspec.Struct, frozen=True):
    """The part of an outbox row that claims decide. `touched`: the destination must be told."""

    claims: tuple[Claim, ...] = ()
    wanted: Items = {}
    in_doubt: dict[str, Told] = {}
    touched: bool = False

    @property
    def owner(self) -> Claim | None:
        """The claim that decides: the oldest profile's."""
        return min(self.claims, key=lambda claim: (claim.first_us, claim.profile_id), default=None)


def apply_claim(state: OutboxState, change: ClaimChange) -> OutboxState:
    """Return the row after one profile changed its wish."""
    claims = tuple(claim for claim in state.claims if claim.profile_id != change.profile_id)
    if change.items is not None:
        mine = Claim(change.profile_id, change.first_us, change.items, change.job_ids)
        claims = (*claims, mine)
    owner = OutboxState(claims).owner
    wanted = owner.items if owner else {}
    # What was never told but must be taken away counts as unknown at the destination.
    left = {key: NEVER_TOLD for key in change.left if key not in wanted}
    in_doubt = {**left, **state.in_doubt}
    touched = state.touched or wanted != state.wanted or in_doubt != state.in_doubt
    return OutboxState(claims, wanted, in_doubt, touched)


def omissions_of(before: OutboxState, after: OutboxState) -> Iterable[OmissionChange]:
    """Yield who became omitted, or no longer is, because an older profile has the recipient."""
    was, now = _shadowed(before), _shadowed(after)
    for job_id, profile_id in sorted(was - now):
        yield OmissionChange(job_id=job_id, profile_id=profile_id, reason=None)
    for job_id, profile_id in sorted(now - was):
        yield OmissionChange(job_id=job_id, profile_id=profile_id, reason=SHADOWED)


def _shadowed(state: OutboxState) -> set[tuple[int, str]]:
    owner = state.owner
    return {
        (job_id, claim.profile_id)
        for claim in state.claims
        if owner is not None and claim.profile_id != owner.profile_id
        for job_id in claim.job_ids
    }
