"""Counts what an export would do, without writing anything."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from coterie.base.clock import from_us, to_us
from coterie.connectors.destination import Forms
from coterie.flow.audiences.membership import count_members, members_after
from coterie.flow.exports.claims import Exporter, Snapshot, Wishes
from coterie.flow.exports.delivery import difference
from coterie.flow.exports.standing import find_rows
from coterie.flow.profiles.storage import read_profiles
from coterie.flow.profiles.view import Viewer
from coterie.flow.run.lookup import MEMBER_IDENTIFIERS, identifiers_of
from coterie.flow.run.revisit import FIRST_PROFILE
from coterie.model.config import ExportSpec
from coterie.model.delivery import DestinationPlan, OutboxRow, Shipment
from coterie.model.dry_run import DryRun
from coterie.model.profile import StoredProfile
from coterie.model.schema import Schema
from coterie.model.views import OmittedView
from coterie.store import Connection

PROFILES_AT_ONCE = 1_000
SAMPLES = 5
OMITTED_SHOWN = 20
# What requests carry that may concern any items.
ALL = ""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What the authorization allows."""

    requests_per_minute: int
    array_limit: int


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked: the job `spec` among the `others` of its destination, as `plan` has it.

    `plan.id` 0 is a destination that does not exist yet.
    """

    account: int
    schema: Schema
    spec: ExportSpec
    others: tuple[ExportSpec, ...]
    plan: DestinationPlan
    limits: Limits
    forms: Forms


class Forecast:
    """The counting: `look` at ranges of members, then `tell`."""

    def __init__(self, question: Question, *, now: datetime) -> None:
        self._question = question
        self._exporter = Exporter([question.spec, *question.others])
        self._viewer = Viewer(question.schema)
        self._now = now
        self._after = FIRST_PROFILE
        self._seen = self._users = self._added = self._removed = self._points = 0
        self._over = 0
        self._target = question.forms.target(question.plan)
        self._loads: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        self._samples: list[Any] = []
        self._omitted: list[OmittedView] = []

    @property
    def seen(self) -> int:
        """How many members were looked at."""
        return self._seen

    def look(self, conn: Connection) -> bool:
        """Look at the next members in the caller's transaction; return whether there were any."""
        question = self._question
        ids = members_after(
            conn,
            question.account,
            sorted(question.spec.names),
            self._after,
            limit=PROFILES_AT_ONCE,
        )
        if not ids:
            return False
        self._after = ids[-1]
        self._seen += len(ids)
        profiles = read_profiles(conn, question.account, ids)
        now_us, reads = to_us(self._now), self._exporter.reads
        snapshots = [snapshot_of(profile, self._viewer, now_us, reads) for profile in profiles]
        known = [
            (profile, self._exporter.wishes(seen))
            for profile, seen in zip(profiles, snapshots, strict=True)
        ]
        rows = self._rows(conn, known)
        for profile, wishes in known:
            self._count(profile, wishes, rows)
        return True

    def tell(self, conn: Connection) -> DryRun:
        """Return the figures, projected to all members."""
        question, limits = self._question, self._question.limits
        audiences = sorted(question.spec.names)
        members = max(self._seen, count_members(conn, question.account, audiences))
        scale = members / self._seen if self._seen else 0.0
        users = round(self._users * scale)
        most = self._target.most
        requests = sum(math.ceil(round(each * scale) / most) for each in self._loads.values())
        return DryRun(
            members=members,
            seen=self._seen,
            users=users,
            added=round(self._added * scale),
            removed=round(self._removed * scale),
            requests=requests,
            minutes=requests / limits.requests_per_minute,
            data_points=round(self._points * scale),
            omitted=round(sum(self._reasons.values()) * scale),
            reasons={reason: round(count * scale) for reason, count in self._reasons.most_common()},
            over_limit=round(self._over * scale),
            array_limit=limits.array_limit,
            requests_per_minute=limits.requests_per_minute,
            objects_per_request=most,
            samples=tuple(self._samples),
            omitted_people=tuple(self._omitted),
        )

    def _rows(
        self, conn: Connection, known: Sequence[tuple[StoredProfile, Wishes]]
    ) -> Mapping[str, OutboxRow]:
        spec = self._question.spec
        places = [place[1] for _, wishes in known if (place := wishes.recipients.get(spec.job_id))]
        if not self._question.plan.id or not places:
            return {}
        return {row.recipient: row for row in find_rows(conn, self._question.plan.id, places)}

    def _count(self, profile: StoredProfile, wishes: Wishes, rows: Mapping[str, OutboxRow]) -> None:
        job_id = self._question.spec.job_id
        reason = wishes.omitted.get(job_id)
        if reason is not None:
            self._reasons[reason] += 1
            if len(self._omitted) < OMITTED_SHOWN:
                self._omitted.append(omission_of(profile, reason, self._question.schema))
            return
        place = wishes.recipients.get(job_id)
        if place is None:
            return
        wish = wishes.claims.get(place)
        wanted = wish.items if wish else {}
        if self._question.plan.form == "array":
            self._over += len(wanted) > self._question.limits.array_limit
        row = rows.get(place[1]) or OutboxRow(
            destination=self._question.plan.id,
            recipient=place[1],
            wanted={},
            told={},
            in_doubt={},
            version=0,
            attempts=0,
        )
        plan = self._question.plan
        changed = difference(
            msgspec.structs.replace(row, wanted=wanted), held=plan.held, kept=plan.kept
        )
        if changed.is_empty:
            return
        shipment = Shipment(msgspec.structs.replace(row, wanted=wanted), changed)
        self._users += 1
        # A request that concerns one item is filled with users of that item alone.
        self._loads.update(changed.keys if self._target.one_item else (ALL,))
        self._added += len(changed.put)
        self._removed += len(changed.drop)
        self._points += self._question.forms.data_points(plan, shipment)
        if len(self._samples) < SAMPLES:
            made = self._question.forms.make_object(plan, shipment)
            if made is not None:
                self._samples.append(self._question.forms.sample(plan, made))


def snapshot_of(
    profile: StoredProfile, viewer: Viewer, now_us: int, reads: frozenset[str]
) -> Snapshot:
    """Return a stored profile as exports see it, with the fields that they read."""
    view = viewer.view(profile.body.fragments, now_us, reads)
    since = dict(zip(profile.audiences, profile.body.since_us, strict=True))
    first = min(part.first_us for part in profile.body.fragments)
    return Snapshot(profile.profile_id, first, since, view)


def omission_of(profile: StoredProfile, reason: str, schema: Schema) -> OmittedView:
    """Return who cannot be sent, and why."""
    return OmittedView(
        profile_id=profile.profile_id,
        since=from_us(max(profile.body.since_us, default=0)),
        reason=reason,
        identifiers=identifiers_of(profile, schema)[:MEMBER_IDENTIFIERS],
    )
