"""What waits in queues for who withdrew a consent, or is suppressed since, is not sent."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
import structlog

from coterie.flow.exports.claims import ClaimPlan
from coterie.flow.exports.rules import Rule
from coterie.flow.exports.wishes import save_plan
from coterie.model.changes import OmissionChange
from coterie.model.config import ExportSpec
from coterie.model.exports import Consent
from coterie.model.mapped import Identifier
from coterie.model.profile import ProfileId
from coterie.model.recipients import write_recipient
from coterie.store import Connection, load_queries

SQL = load_queries("exports")

View = Mapping[str, Any]

log = structlog.get_logger()

UNKNOWN_PERSON = "nobody can say any more whether its person agreed: the event is not kept"


class Withdrawal(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing that waits for a person may leave for a job any more, for a reason.

    `recipients` are all the person's names there.
    """

    job_id: int
    destination: int
    profile_id: ProfileId
    recipients: frozenset[str]
    reason: str


class Unconsented(msgspec.Struct, frozen=True, kw_only=True):
    """A queued item that is not to leave, and whose it is if that is known."""

    item: int
    profile_id: ProfileId | None
    reason: str


class Standing(msgspec.Struct, frozen=True):
    """What a gate looks at: how a profile looks to it, and which audiences hold it."""

    view: View
    audiences: Collection[int]


class FeedGates:
    """The jobs of one account that send events on, and not of everybody.

    What other jobs want is a claim, which falls with the consent, or in a suppressing audience,
    before anything of it is sent.
    """

    def __init__(self, specs: Iterable[ExportSpec]) -> None:
        # An ended job's queue may not be empty yet, so its state is not asked.
        self._rules = [
            Rule(spec)
            for spec in specs
            if spec.feed is not None and (spec.consent is not None or spec.suppressed_by)
        ]
        self.fields = frozenset(
            rule.spec.consent.field for rule in self._rules if rule.spec.consent is not None
        )
        """The fields whose change may be a withdrawal."""
        self.audiences = frozenset(item for rule in self._rules for item in rule.spec.suppressed_by)
        """The audiences that suppress who enters them."""
        self.reads = frozenset(field for rule in self._rules for field in rule.reads)

    @property
    def is_open(self) -> bool:
        """Whether there is nothing to ask anybody."""
        return not self._rules

    def find(
        self,
        profile_id: ProfileId,
        nodes: Collection[Identifier],
        *,
        before: Sequence[tuple[Standing, bool]],
        after: Standing,
    ) -> list[Withdrawal]:
        """Return which jobs may send nothing of a profile any more, but might of a part of it.

        `nodes` identify the profile. `before` are all parts that it had as they stood, each with
        whether the part is in the profile whole: the name of one that was split may be another's.
        """
        views = [after.view, *(part.view for part, is_whole in before if is_whole)]
        found = []
        for rule in self._rules:
            reason = _withdrawn(rule, [part.view for part, _ in before], after.view)
            if reason is None and not all(_suppressor(rule, part) for part, _ in before):
                reason = _suppressed(rule, after)
            if reason is not None:
                found.append(_withdrawal(rule, reason, profile_id, nodes, views))
        return found

    def find_missing(
        self, profile_id: ProfileId, nodes: Collection[Identifier], stood: Sequence[Standing]
    ) -> list[Withdrawal]:
        """Return which jobs may send nothing of a profile, whether or not they ever might.

        `stood` is how it stands, then how whatever it is known to have been stood.
        """
        after, views = stood[0], [each.view for each in stood]
        found = []
        for rule in self._rules:
            consent = rule.spec.consent
            reason = _suppressed(rule, after)
            if consent is not None and not consent.is_given(after.view.get(consent.field)):
                reason = _say_withdrawn(consent)
            if reason is not None:
                found.append(_withdrawal(rule, reason, profile_id, nodes, views))
        return found

    def lack(self, job_id: int, person: Standing) -> str | None:
        """Return why what waits at a job for a profile is not sent, None if it may be."""
        for rule in self._rules:
            if rule.spec.job_id != job_id:
                continue
            consent = rule.spec.consent
            if consent is not None and not consent.is_given(person.view.get(consent.field)):
                return f"no consent in field {consent.field!r}: events that waited were dropped"
            return _suppressed(rule, person)
        return None


def _withdrawn(rule: Rule, before: Iterable[View], after: View) -> str | None:
    consent = rule.spec.consent
    if consent is None or consent.is_given(after.get(consent.field)):
        return None
    had_given = any(consent.is_given(view.get(consent.field)) for view in before)
    return _say_withdrawn(consent) if had_given else None


def _say_withdrawn(consent: Consent) -> str:
    return f"consent in field {consent.field!r} was withdrawn: events that waited were dropped"


def _suppressed(rule: Rule, person: Standing) -> str | None:
    suppressor = _suppressor(rule, person)
    if suppressor is None:
        return None
    return f"suppressed by audience {suppressor!r}: events that waited were dropped"


def _suppressor(rule: Rule, person: Standing) -> str | None:
    for audience_id, slug in rule.spec.suppressed_by.items():
        if audience_id in person.audiences:
            return slug
    return None


def _withdrawal(
    rule: Rule,
    reason: str,
    profile_id: ProfileId,
    nodes: Collection[Identifier],
    views: Iterable[View],
) -> Withdrawal:
    names = [rule.recipient(view) for view in views]
    names += [
        write_recipient(identifier, value)
        for identifier in rule.spec.identifiers
        for field, value in nodes
        if field == identifier.field
    ]
    return Withdrawal(
        job_id=rule.spec.job_id,
        destination=rule.spec.destination_id,
        profile_id=profile_id,
        recipients=frozenset(name for name in names if name is not None),
        reason=reason,
    )


def drop_withdrawn(
    conn: Connection, account: int, withdrawals: Sequence[Withdrawal], *, now: datetime
) -> None:
    """Drop what waits, is in doubt or was refused of people; omit them with the reason.

    What is under way meanwhile cannot be called back. It is settled as sent if it was, and is not
    sent again, whatever the destination does with what was never answered.
    """
    by_place: dict[tuple[int, str], list[Withdrawal]] = defaultdict(list)
    for withdrawal in withdrawals:
        for recipient in withdrawal.recipients:
            by_place[withdrawal.destination, recipient].append(withdrawal)
    if not by_place:
        return
    asked = {
        "destinations": sorted({destination for destination, _ in by_place}),
        "recipients": sorted({recipient for _, recipient in by_place}),
    }
    rows = conn.execute(SQL.lock_droppable, asked).fetchall()
    dropped = {
        number: by_place[place, name] for number, place, name in rows if (place, name) in by_place
    }
    _drop(conn, {number: whose[0].reason for number, whose in dropped.items()}, now=now)
    reasons = {
        (one.job_id, one.profile_id): one.reason for whose in dropped.values() for one in whose
    }
    _omit(conn, account, reasons, now=now)
    counts = Counter(whose[0].job_id for whose in dropped.values())
    for job_id, items in sorted(counts.items()):
        log.info("export.queue.withdrawn", account=account, job=job_id, items=items)


def drop_unconsented(
    conn: Connection, account: int, job_id: int, items: Sequence[Unconsented], *, now: datetime
) -> int:
    """Drop items that a job may not send any more; return how many were still there.

    Their people are omitted with the reason. What is under way meanwhile is as `drop_withdrawn`
    says.
    """
    if not items:
        return 0
    found = conn.execute(SQL.lock_droppable_items, {"ids": sorted(one.item for one in items)})
    there = {number for (number,) in found.fetchall()}
    dropped = [one for one in items if one.item in there]
    _drop(conn, {one.item: one.reason for one in dropped}, now=now)
    reasons = {
        (job_id, one.profile_id): one.reason for one in dropped if one.profile_id is not None
    }
    _omit(conn, account, reasons, now=now)
    return len(dropped)


def _drop(conn: Connection, reasons: Mapping[int, str], *, now: datetime) -> None:
    if reasons:
        values = {"ids": list(reasons), "reasons": list(reasons.values()), "now": now}
        conn.execute(SQL.drop_queued_items, values)


def _omit(
    conn: Connection, account: int, reasons: Mapping[tuple[int, ProfileId], str], *, now: datetime
) -> None:
    omissions = tuple(
        OmissionChange(job_id=job_id, profile_id=profile_id, reason=reason)
        for (job_id, profile_id), reason in reasons.items()
    )
    save_plan(conn, account, ClaimPlan((), omissions), now=now)
