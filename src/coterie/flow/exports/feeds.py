"""Events that jobs send on: chosen as they are mapped, queued once their people are known."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from coterie.base.clock import from_us, to_us
from coterie.flow.exports.deeds import Unfit, make_deeds
from coterie.flow.exports.queue import enqueue
from coterie.flow.exports.rules import Rule, Snapshot
from coterie.lang.behaviour import name_of
from coterie.model.changes import OmissionChange
from coterie.model.config import ExportSpec
from coterie.model.delivery import NewQueueItem
from coterie.model.feeds import FeedSpec
from coterie.model.profile import ProfileId
from coterie.store import Bell, Connection, ring

_decode = msgspec.json.Decoder(dict[str, Any]).decode


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """An event that some job sends on, as it came; times in µs."""

    lane: int
    seq: int
    stream: str
    received_us: int
    occurred_us: int
    body: str


class Feeding(msgspec.Struct, frozen=True):
    """What is to be queued, by destination, and whose events cannot be sent (None: they can)."""

    items: dict[int, list[NewQueueItem]]
    omissions: dict[tuple[int, ProfileId], str | None]


class Feeder:
    """The jobs of one account that send events on: pure, and asked for the streams they name."""

    def __init__(self, specs: Iterable[ExportSpec]) -> None:
        self._feeds = [
            _Feed(spec, spec.feed)
            for spec in specs
            if spec.feed is not None and spec.state in ("active", "paused")
        ]
        self.reads = frozenset(field for feed in self._feeds for field in feed.rule.reads)
        named = [feed.spec.streams for feed in self._feeds]
        self._streams = frozenset[str]().union(*named) if all(named) else None

    @property
    def is_idle(self) -> bool:
        """Whether there is no such job."""
        return not self._feeds

    def may_want(self, stream: str) -> bool:
        """Say whether some job may send events of a stream on."""
        return bool(self._feeds) and (self._streams is None or stream in self._streams)

    def is_about(self, arrival: Arrival) -> bool:
        """Say whether some job is about an event, whoever did it."""
        event = _decode(arrival.body)
        return any(feed.chooses(arrival, event) for feed in self._feeds)

    def plan(self, arrivals: Sequence[tuple[Arrival, Snapshot]]) -> Feeding:
        """Return what becomes of events, in their order, with whose each is."""
        found = Feeding({}, {})
        for arrival, person in arrivals:
            event = _decode(arrival.body)
            for feed in self._feeds:
                if feed.wants(arrival, event, person):
                    feed.add(found, arrival, event, person)
        return found

    def forget(self, gone: Iterable[ProfileId]) -> tuple[OmissionChange, ...]:
        """Return that nothing is to be listed of profiles that are no more."""
        return tuple(
            OmissionChange(job_id=feed.job_id, profile_id=profile_id, reason=None)
            for profile_id in sorted(gone)
            for feed in self._feeds
        )


class _Feed:
    """One job."""

    def __init__(self, export: ExportSpec, spec: FeedSpec) -> None:
        self.spec = spec
        self.rule = Rule(export)
        self.job_id = export.job_id
        self._export = export
        self._started_us = to_us(export.started_at)

    def wants(self, arrival: Arrival, event: Mapping[str, Any], person: Snapshot) -> bool:
        """Say whether the event is one of those that the job is about."""
        if not self.chooses(arrival, event):
            return False
        return not self.spec.needs_member or self.rule.is_member(person)

    def chooses(self, arrival: Arrival, event: Mapping[str, Any]) -> bool:
        """Say whether the job is about such events, whoever did them."""
        spec = self.spec
        if arrival.received_us < self._started_us:
            return False
        if spec.streams and arrival.stream not in spec.streams:
            return False
        return not spec.events or name_of(event) in spec.events

    def add(
        self, found: Feeding, arrival: Arrival, event: Mapping[str, Any], person: Snapshot
    ) -> None:
        """Add the event, or why it cannot be sent."""
        place = (self.job_id, person.profile_id)
        reason = self._hindrance(arrival, person)
        recipient = self.rule.recipient(person.view)
        if reason is None and recipient is None:
            reason = self.rule.lack()
        deeds = make_deeds(self.spec, event, from_us(arrival.occurred_us))
        if reason is None and isinstance(deeds, Unfit):
            reason = deeds.reason
        found.omissions[place] = reason
        if reason is None and recipient is not None and not isinstance(deeds, Unfit):
            origin = f"{self.job_id}:{arrival.lane}:{arrival.seq}"
            found.items.setdefault(self._export.destination_id, []).extend(
                NewQueueItem(
                    recipient=recipient, origin=f"{origin}:{part}" if part else origin, body=deed
                )
                for part, deed in enumerate(deeds)
            )

    def _hindrance(self, arrival: Arrival, person: Snapshot) -> str | None:
        if self.rule.drops(arrival.received_us):
            return "an event came in quiet hours: dropped"
        consent = self._export.consent
        if consent is not None and not consent.is_given(person.view.get(consent.field)):
            return f"no consent in field {consent.field!r}"
        suppressor = self.rule.suppressor(person)
        return None if suppressor is None else f"suppressed by audience {suppressor!r}"


def save_feeding(conn: Connection, account: int, feeding: Feeding, *, now: datetime) -> None:
    """Queue what is to be sent, in the caller's transaction."""
    for destination, items in sorted(feeding.items.items()):
        enqueue(conn, destination, items, account=account, now=now)
    if feeding.items:
        ring(conn, Bell.OUTBOX)
