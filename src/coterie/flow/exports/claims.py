"""What the export jobs of an account want their destinations to hold for one profile.

A claim is a function of the profile's audiences (with since when), of its fields, and of the jobs;
jobs that write the same thing at the same authorization share a destination, and a claim is the
union of what they want.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from coterie.base.clock import to_us
from coterie.model.changes import ClaimChange, OmissionChange
from coterie.model.config import ExportSpec
from coterie.model.mapped import can_identify
from coterie.model.profile import ProfileId

DestinationRecipient = tuple[int, str]


class Snapshot(msgspec.Struct, frozen=True):
    """A profile as the exports see it: `since_us` gives the audiences that hold it."""

    profile_id: ProfileId
    first_us: int
    since_us: Mapping[int, int]
    view: Mapping[str, Any]


class _Wish(msgspec.Struct, frozen=True):
    names: frozenset[str]
    job_ids: tuple[int, ...]


class _Wishes(msgspec.Struct, frozen=True):
    """What is wanted where, the profile's name at each destination, jobs that cannot name it."""

    claims: dict[DestinationRecipient, _Wish]
    recipients: frozenset[DestinationRecipient]
    omitted: frozenset[int]


class ClaimPlan(msgspec.Struct, frozen=True):
    """What must be written to the outbox and to the list of the omitted."""

    claims: tuple[ClaimChange, ...]
    omissions: tuple[OmissionChange, ...]


class Exporter:
    """Plans claims by the export jobs of one account."""

    def __init__(self, specs: Sequence[ExportSpec]) -> None:
        self._specs = [spec for spec in specs if spec.state != "ended"]
        self._started = {spec.job_id: to_us(spec.started_at) for spec in self._specs}
        self.reads = frozenset(spec.identifier_field for spec in self._specs)
        self.audiences = frozenset(item for spec in self._specs for item in spec.names)

    def plan(
        self,
        before: Snapshot | None,
        after: Snapshot | None,
        *,
        held: Mapping[int, int] | None = None,
    ) -> ClaimPlan:
        """Return the difference that a profile's change makes.

        `before` None: the profile is new; `after` None: it is no more. Both of different ids: the
        second continues the first. `held` are the audiences that held any part of it before (None:
        those of `before`).
        """
        old, new = self._wishes(before), self._wishes(after)
        if held is None:
            held = before.since_us if before is not None else {}
        left = self._left(held, after)
        # The owner of a recipient is the oldest claimant, so a claim says how old its profile is.
        grew_older = before is not None and after is not None and before.first_us != after.first_us
        renamed = before is not None and after is not None and before.profile_id != after.profile_id
        changes: list[ClaimChange] = []
        for place in sorted(old.claims.keys() | new.claims.keys() | new.recipients):
            was, now = old.claims.get(place), new.claims.get(place)
            taken = left.get(place[0], ()) if place in new.recipients else ()
            if before is not None and was is not None and (now is None or renamed):
                changes.append(_claim(place, before, None))
            stated_anew = now is not None and (renamed or grew_older)
            if after is not None and (now != was or taken or stated_anew):
                changes.append(_claim(place, after, now, taken))
        return ClaimPlan(tuple(changes), self._omissions(before, after, old.omitted, new.omitted))

    def restate(self, profile: Snapshot) -> ClaimPlan:
        """Return all that is wanted for a profile, as if nothing had been (for a backfill)."""
        return self.plan(None, profile)

    def _wishes(self, profile: Snapshot | None) -> _Wishes:
        claims: dict[DestinationRecipient, _Wish] = {}
        recipients: set[DestinationRecipient] = set()
        omitted: set[int] = set()
        if profile is None:
            return _Wishes(claims, frozenset(), frozenset())
        for spec in self._specs:
            names = self._wanted(spec, profile)
            recipient = recipient_of(profile.view.get(spec.identifier_field))
            if recipient is None:
                if names:
                    omitted.add(spec.job_id)
                continue
            place = (spec.destination_id, recipient)
            recipients.add(place)
            if names:
                known = claims.get(place, _Wish(frozenset(), ()))
                claims[place] = _Wish(known.names | names, (*known.job_ids, spec.job_id))
        return _Wishes(claims, frozenset(recipients), frozenset(omitted))

    def _wanted(self, spec: ExportSpec, profile: Snapshot) -> frozenset[str]:
        started = self._started[spec.job_id]
        return frozenset(
            name
            for audience_id, name in spec.names.items()
            if (since := profile.since_us.get(audience_id)) is not None
            and (spec.existing or since >= started)
        )

    def _left(self, held: Mapping[int, int], after: Snapshot | None) -> dict[int, tuple[str, ...]]:
        """Return, by destination, values to take away that no job ever sent.

        A job without Existing Users sends its people's exits too, though not their presence.
        """
        if after is None:
            return {}
        found: dict[int, set[str]] = {}
        for spec in self._specs:
            for audience_id, name in spec.names.items() if not spec.existing else ():
                if audience_id in held and audience_id not in after.since_us:
                    found.setdefault(spec.destination_id, set()).add(name)
        return {destination: tuple(sorted(names)) for destination, names in found.items()}

    def _omissions(
        self,
        before: Snapshot | None,
        after: Snapshot | None,
        old: frozenset[int],
        new: frozenset[int],
    ) -> tuple[OmissionChange, ...]:
        gone_from = before.profile_id if before else None
        at = after.profile_id if after else None
        changes = []
        fields = {spec.job_id: spec.identifier_field for spec in self._specs}
        for job_id in sorted(old | new):
            if gone_from is not None and job_id in old and (job_id not in new or gone_from != at):
                changes.append(OmissionChange(job_id=job_id, profile_id=gone_from, reason=None))
            if at is not None and job_id in new and (job_id not in old or gone_from != at):
                reason = f"no value in field {fields[job_id]!r}"
                changes.append(OmissionChange(job_id=job_id, profile_id=at, reason=reason))
        return tuple(changes)


def recipient_of(value: Any) -> str | None:
    """Return the user's name at the destination: a set's newest value, else the value as text."""
    if isinstance(value, list):
        value = value[0] if value else None
    if value is None or isinstance(value, dict):
        return None
    text = str(value)
    return text if text and can_identify(text) else None


def union(plans: Iterable[ClaimPlan]) -> ClaimPlan:
    """Put several plans into one."""
    collected = list(plans)
    return ClaimPlan(
        tuple(claim for plan in collected for claim in plan.claims),
        tuple(omission for plan in collected for omission in plan.omissions),
    )


def _claim(
    place: DestinationRecipient,
    profile: Snapshot,
    wish: _Wish | None,
    left: tuple[str, ...] = (),
) -> ClaimChange:
    return ClaimChange(
        destination=place[0],
        recipient=place[1],
        profile_id=profile.profile_id,
        first_us=profile.first_us,
        items=None if wish is None else dict.fromkeys(sorted(wish.names), True),
        left=left,
        job_ids=() if wish is None else wish.job_ids,
    )
