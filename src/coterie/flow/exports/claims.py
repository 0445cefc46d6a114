"""What the export jobs of an account want their destinations to hold for one profile.

A claim is a function of the profile's audiences (with since when), of its fields, and of the jobs;
jobs that write the same thing at the same authorization share a destination, and a claim is the
union of what they want. What a person must have agreed to holds for the destination as a whole.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

import msgspec

from coterie.flow.exports.plans import (
    ClaimPlan,
    DestinationRecipient,
    Wish,
    claim,
    omissions_between,
    union,
)
from coterie.flow.exports.rules import Rule, Snapshot
from coterie.model.changes import ClaimChange, OmissionChange
from coterie.model.config import ExportSpec
from coterie.model.delivery import Items
from coterie.model.exports import Consent

__all__ = [
    "ClaimPlan",
    "DestinationRecipient",
    "Exporter",
    "Snapshot",
    "Wish",
    "Wishes",
    "claim",
    "union",
]


class Wishes(msgspec.Struct, frozen=True):
    """What is wanted where, the profile's name for each job that may send it, who is omitted.

    `denied` are jobs that may send nothing of the profile, because it has not agreed.
    """

    claims: dict[DestinationRecipient, Wish]
    recipients: dict[int, DestinationRecipient]
    omitted: dict[int, str]
    denied: set[int]


_NOTHING = Wishes({}, {}, {}, set())


class Exporter:
    """Plans claims by the export jobs of one account."""

    def __init__(self, specs: Sequence[ExportSpec]) -> None:
        self._rules = [
            Rule(spec) for spec in specs if spec.state in ("active", "paused") and spec.feed is None
        ]
        self._consents: dict[int, list[Consent]] = defaultdict(list)
        for rule in self._rules:
            if rule.spec.consent is not None:
                self._consents[rule.spec.destination_id].append(rule.spec.consent)
        self.reads = frozenset(field for rule in self._rules for field in rule.reads)
        self.audiences = frozenset(item for rule in self._rules for item in rule.audiences)
        self.keeps_leavers = any(rule.spec.keeps_leavers for rule in self._rules)
        self._drops = any(rule.spec.quiet is not None for rule in self._rules)

    def plan(
        self,
        before: Snapshot | None,
        after: Snapshot | None,
        *,
        held: Mapping[int, int] | None = None,
        at_us: int | None = None,
    ) -> ClaimPlan:
        """Return the difference that a profile's change makes.

        `before` None: the profile is new; `after` None: it is no more. Both of different ids: the
        second continues the first. `held` are the audiences that held any part of it before (None:
        those of `before`); `at_us` is when it changed.
        """
        old, new = self.wishes(before), self.wishes(after)
        if held is None:
            held = before.since_us if before is not None else {}
        if self._drops and before is not None and after is not None:
            self._keep_dropped(old, new, before, after, at_us)
        if self._drops and after is not None:
            self._omit_untold_exits(held, new, after, at_us)
        revoked = self._settle_leavers(old, new, before, after)
        left = self._left(held, after, new.recipients, at_us)
        # The owner of a recipient is the oldest claimant, so a claim says how old its profile is.
        grew_older = before is not None and after is not None and before.first_us != after.first_us
        renamed = before is not None and after is not None and before.profile_id != after.profile_id
        changes: list[ClaimChange] = []
        for place in sorted(old.claims.keys() | new.claims.keys() | left.keys() | revoked):
            was, now = old.claims.get(place), new.claims.get(place)
            taken = tuple(sorted(left.get(place, ())))
            stood = was is not None or place in revoked
            if before is not None and stood and (after is None or renamed):
                changes.append(claim(place, before, None))
            stated_anew = now is not None and (renamed or grew_older)
            is_revoked = place in revoked and now is None
            if after is not None and (now != was or taken or stated_anew or is_revoked):
                changes.append(claim(place, after, now, taken))
        omissions = omissions_between(before, after, old.omitted, new.omitted)
        if self._drops and before is not None:
            told = {(change.destination, change.recipient) for change in changes}
            omissions += self._forget_exits(before, after, old, new, told)
        return ClaimPlan(tuple(changes), omissions)

    def restate(self, profile: Snapshot) -> ClaimPlan:
        """Return all that is wanted for a profile, as if nothing had been (for a backfill)."""
        return self.plan(None, profile)

    def wishes(self, profile: Snapshot | None) -> Wishes:
        """Return what the jobs want for a profile as it is."""
        if profile is None:
            return _NOTHING
        found = Wishes({}, {}, {}, set())
        for rule in self._rules:
            self._wish(rule, profile, found)
        return found

    def _wish(self, rule: Rule, profile: Snapshot, found: Wishes) -> None:
        spec, items = rule.spec, rule.wanted(profile)
        reason = self._denial(spec.destination_id, profile)
        if reason is not None:
            found.denied.add(spec.job_id)
        else:
            recipient = rule.recipient(profile.view)
            if recipient is None:
                reason = rule.lack()
            else:
                place = (spec.destination_id, recipient)
                found.recipients[spec.job_id] = place
                suppressor = rule.suppressor(profile)
                if suppressor is not None:
                    reason = f"suppressed by audience {suppressor!r}"
                elif items:
                    known = found.claims.get(place, Wish({}, ()))
                    wish = Wish(known.items | items, (*known.job_ids, spec.job_id))
                    found.claims[place] = wish
        if not items:
            dropped = rule.dropped(profile)
            if dropped is not None:
                found.omitted[spec.job_id] = f"{dropped!r} was entered in quiet hours: dropped"
        elif reason is not None:
            found.omitted[spec.job_id] = reason

    def _denial(self, destination: int, profile: Snapshot) -> str | None:
        for consent in self._consents.get(destination, ()):
            if not consent.is_given(profile.view.get(consent.field)):
                return f"no consent in field {consent.field!r}"
        return None

    def _left(
        self,
        held: Mapping[int, int],
        after: Snapshot | None,
        recipients: Mapping[int, DestinationRecipient],
        at_us: int | None,
    ) -> dict[DestinationRecipient, set[str]]:
        """Return, by recipient, values to take away that no job ever told of.

        A job without Existing Users sends its people's exits too, though not their presence.
        """
        found: dict[DestinationRecipient, set[str]] = {}
        for rule in self._rules if after is not None else ():
            place = recipients.get(rule.spec.job_id)
            names = rule.left(held, after, at_us) if place and after else frozenset()
            if place and names:
                found.setdefault(place, set()).update(names)
        return found

    def kept_items(self, was: Wish, wishes: Wishes, profile: Snapshot) -> Items:
        """Return what a standing claim keeps although nobody asks for it any more.

        Who left the audiences of a job that lets leavers keep their attributes keeps them.
        """
        kept: Items = {}
        for rule in self._rules:
            spec = rule.spec
            if not spec.keeps_leavers or spec.job_id in wishes.denied:
                continue
            if spec.job_id in was.job_ids and not rule.is_member(profile):
                kept |= rule.kept(was.items, None)
        return kept

    def _settle_leavers(
        self, old: Wishes, new: Wishes, before: Snapshot | None, after: Snapshot | None
    ) -> set[DestinationRecipient]:
        """Let leavers keep their attributes; return recipients who lose also what they kept.

        Those withdrew their consent, are called otherwise now, or are no more.
        """
        revoked: set[DestinationRecipient] = set()
        if before is None:
            return revoked
        is_gone = after is None or after.profile_id != before.profile_id
        for rule in self._rules:
            spec = rule.spec
            place = old.recipients.get(spec.job_id)
            if not spec.keeps_leavers or place is None:
                continue
            is_moved = place != new.recipients.get(spec.job_id)
            if is_gone or is_moved or spec.job_id in new.denied:
                revoked.add(place)
            elif after is not None and not rule.is_member(after):
                was = old.claims.get(place)
                if was is not None and spec.job_id in was.job_ids:
                    known = new.claims.get(place, Wish({}, ()))
                    kept = rule.kept(was.items, after)
                    job_ids = tuple(dict.fromkeys((*known.job_ids, spec.job_id)))
                    new.claims[place] = Wish(kept | known.items, job_ids)
        return revoked

    def _keep_dropped(
        self,
        old: Wishes,
        new: Wishes,
        before: Snapshot,
        after: Snapshot,
        at_us: int | None,
    ) -> None:
        """Let exits go unsaid that happen while a job drops what changes, and list who left."""
        for rule in self._rules:
            place = new.recipients.get(rule.spec.job_id)
            if place is None or not rule.drops(at_us) or place not in old.claims:
                continue
            now = rule.wanted(after)
            if rule.spec.attributes or rule.spec.groups:
                continue
            gone = {key: value for key, value in rule.wanted(before).items() if key not in now}
            if gone:
                known = new.claims.get(place, Wish({}, ()))
                job_ids = tuple(dict.fromkeys((*known.job_ids, rule.spec.job_id)))
                new.claims[place] = Wish(known.items | gone, job_ids)
                _omit_exit(new, rule, rule.exits(before.since_us, after))

    def _omit_untold_exits(
        self, held: Mapping[int, int], new: Wishes, after: Snapshot, at_us: int | None
    ) -> None:
        """List who left in quiet hours although nothing was told of their presence before."""
        for rule in self._rules:
            is_named = rule.spec.job_id in new.recipients
            if is_named and rule.tells_exits and rule.drops(at_us):
                _omit_exit(new, rule, rule.exits(held, after))

    def _forget_exits(
        self,
        before: Snapshot,
        after: Snapshot | None,
        old: Wishes,
        new: Wishes,
        told: Collection[DestinationRecipient],
    ) -> tuple[OmissionChange, ...]:
        """Return that nobody is listed any more for an exit that was dropped.

        What is told of a person next is all that is wanted then, so it makes up for the exit.
        """
        is_gone = after is None or after.profile_id != before.profile_id
        return tuple(
            OmissionChange(job_id=rule.spec.job_id, profile_id=before.profile_id, reason=None)
            for rule in self._rules
            if rule.may_drop
            and rule.spec.job_id not in old.omitted
            and (is_gone or rule.spec.job_id not in new.omitted)
            and (is_gone or new.recipients.get(rule.spec.job_id) in told)
        )


def _omit_exit(new: Wishes, rule: Rule, names: Collection[str]) -> None:
    if names:
        reason = f"{min(names)!r} was left in quiet hours: dropped"
        new.omitted.setdefault(rule.spec.job_id, reason)
