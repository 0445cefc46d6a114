"""Withdrawals of a consent: what waits in queues for who withdrew it is not sent."""

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
    """A person withdrew what a job asks for; `recipients` are all their names there."""

    job_id: int
    destination: int
    profile_id: ProfileId
    recipients: frozenset[str]
    field: str

    @property
    def reason(self) -> str:
        """Why what waited is not sent."""
        return f"consent in field {self.field!r} was withdrawn: events that waited were dropped"


class Unconsented(msgspec.Struct, frozen=True, kw_only=True):
    """A queued item that is not to leave, and whose it is if that is known."""

    item: int
    profile_id: ProfileId | None
    reason: str


class ConsentGates:
    """The jobs of one account that send events on, and only of who gave a consent.

    What other jobs want is a claim, which falls with the consent before anything of it is sent.
    """

    def __init__(self, specs: Iterable[ExportSpec]) -> None:
        # An ended job's queue may not be empty yet, so its state is not asked.
        self._gates = [
            (Rule(spec), spec.consent)
            for spec in specs
            if spec.feed is not None and spec.consent is not None
        ]
        self.fields = frozenset(consent.field for _, consent in self._gates)
        """The fields whose change may be a withdrawal."""
        self.reads = frozenset(field for rule, _ in self._gates for field in rule.reads)

    def find(
        self,
        profile_id: ProfileId,
        nodes: Collection[Identifier],
        *,
        before: Sequence[tuple[View, bool]],
        after: View,
    ) -> list[Withdrawal]:
        """Return what a profile withdrew that some part of it had given.

        `nodes` identify the profile. `before` are the views of all parts that it had, each with
        whether the part is in the profile whole: the name of one that was split may be another's.
        """
        views = [after, *(view for view, is_whole in before if is_whole)]
        return [
            _withdrawal(rule, consent, profile_id, nodes, views)
            for rule, consent in self._gates
            if not consent.is_given(after.get(consent.field))
            and any(consent.is_given(view.get(consent.field)) for view, _ in before)
        ]

    def find_missing(
        self, profile_id: ProfileId, nodes: Collection[Identifier], views: Sequence[View]
    ) -> list[Withdrawal]:
        """Return what a profile does not give, whether or not it ever did.

        `views` are how it looks, then how whatever it is known to have been looked.
        """
        return [
            _withdrawal(rule, consent, profile_id, nodes, views)
            for rule, consent in self._gates
            if not consent.is_given(views[0].get(consent.field))
        ]

    def lack(self, job_id: int, view: View) -> str | None:
        """Return why what waits at a job for a profile is not sent, None if it may be."""
        for rule, consent in self._gates:
            if rule.spec.job_id == job_id and not consent.is_given(view.get(consent.field)):
                return f"no consent in field {consent.field!r}: events that waited were dropped"
        return None


def _withdrawal(
    rule: Rule,
    consent: Consent,
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
        field=consent.field,
    )


def drop_withdrawn(
    conn: Connection, account: int, withdrawals: Sequence[Withdrawal], *, now: datetime
) -> None:
    """Drop what waits, is in doubt or was refused of who withdrew; omit them with the reason.

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
