"""Counts what a job that sends events on would have sent of those that came lately."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from coterie.base.clock import to_us
from coterie.connectors.destination import Forms
from coterie.flow.eventlog.read import read_since
from coterie.flow.exports.feeds import Arrival, Feeder
from coterie.flow.mapping.mapper import Mapper, RejectedMapping
from coterie.flow.profiles.storage import read_profiles
from coterie.flow.profiles.view import Viewer
from coterie.flow.run.foresee import OMITTED_SHOWN, SAMPLES, Limits, omission_of, snapshot_of
from coterie.flow.run.whose import find_actors
from coterie.model.config import AccountConfig, ExportSpec
from coterie.model.delivery import DestinationPlan, NewQueueItem, QueueItem
from coterie.model.dry_run import FeedDryRun
from coterie.model.events import LoggedEvent
from coterie.model.mapped import MappedEvent
from coterie.model.profile import ProfileId, StoredProfile
from coterie.model.views import OmittedView
from coterie.store import Connection

EVENTS_AT_ONCE = 500
FEWEST_A_STREAM = 500
NOBODY = "the event names nobody who is known"


class FeedQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked: the job `spec` as `plan` has it, of events of `streams` in the last `days`."""

    config: AccountConfig
    spec: ExportSpec
    plan: DestinationPlan
    limits: Limits
    forms: Forms
    streams: tuple[str, ...]
    days: int


class _Tally:
    """Counts of one stream."""

    def __init__(self) -> None:
        self.chosen = self.objects = self.points = 0
        self.reasons: Counter[str] = Counter()


class FeedForecast:
    """The counting: `look` at each of the streams, then `tell`. Events are mapped as of now."""

    def __init__(self, question: FeedQuestion, *, now: datetime, most: int) -> None:
        self._question = question
        self._now_us = to_us(now)
        self._since = now - timedelta(days=question.days)
        self._most = max(FEWEST_A_STREAM, most // max(1, len(question.streams)))
        schema = question.config.schemas[-1]
        config = msgspec.structs.replace(question.config, schemas=(schema,), trackers=())
        self._mapper = Mapper(config)
        self._viewer = Viewer(schema)
        self._schema = schema
        # As if it had run all the time.
        spec = msgspec.structs.replace(question.spec, started_at=self._since, state="active")
        self._feeder = Feeder([spec])
        self._events = self._seen = 0
        self._figures: Counter[str] = Counter()
        self._reasons: dict[str, float] = {}
        self._samples: list[Any] = []
        self._omitted: dict[ProfileId, OmittedView] = {}

    def look(self, conn: Connection, stream: str) -> None:
        """Count the newest events of a stream in the caller's transaction, for all of them."""
        account = self._question.config.number
        events, total = read_since(conn, account, stream, since=self._since, limit=self._most)
        self._events += total
        # Repeats are counted and not read: they go in the proportion of what was looked at.
        self._seen += total if len(events) < self._most else len(events)
        tally = _Tally()
        for start in range(0, len(events), EVENTS_AT_ONCE):
            self._count(conn, events[start : start + EVENTS_AT_ONCE], tally)
        scale = total / len(events) if len(events) == self._most else 1.0
        self._figures["chosen"] += round(tally.chosen * scale)
        self._figures["objects"] += round(tally.objects * scale)
        self._figures["points"] += round(tally.points * scale)
        for reason, count in tally.reasons.items():
            self._reasons[reason] = self._reasons.get(reason, 0.0) + count * scale

    def tell(self) -> FeedDryRun:
        """Return the figures, projected to all events of the days."""
        question, limits = self._question, self._question.limits
        most = question.forms.target(question.plan).most
        requests = math.ceil(self._figures["objects"] / most)
        ordered = sorted(self._reasons.items(), key=lambda pair: (-pair[1], pair[0]))
        reasons = {reason: round(count) for reason, count in ordered}
        return FeedDryRun(
            days=question.days,
            events=self._events,
            seen=self._seen,
            chosen=self._figures["chosen"],
            objects=self._figures["objects"],
            requests=requests,
            minutes=requests / limits.requests_per_minute,
            data_points=self._figures["points"],
            omitted=sum(reasons.values()),
            reasons=reasons,
            requests_per_minute=limits.requests_per_minute,
            objects_per_request=most,
            samples=tuple(self._samples),
            omitted_people=tuple(self._omitted.values()),
        )

    def _count(self, conn: Connection, events: Sequence[LoggedEvent], tally: _Tally) -> None:
        mapped = [(event, self._mapper.map(event)) for event in events]
        people = self._people(conn, [each for _, each in mapped])
        for event, outcome in mapped:
            arrival = _arrival(event)
            if not self._feeder.is_about(arrival):
                continue
            person = None if isinstance(outcome, RejectedMapping) else people.get(_key(outcome))
            if person is None:
                tally.chosen += 1
                tally.reasons[NOBODY] += 1
                continue
            self._plan(arrival, person, tally)

    def _plan(self, arrival: Arrival, person: StoredProfile, tally: _Tally) -> None:
        seen = snapshot_of(person, self._viewer, self._now_us, self._feeder.reads)
        feeding = self._feeder.plan([(arrival, seen)])
        for reason in feeding.omissions.values():
            tally.chosen += 1
            if reason is not None:
                tally.reasons[reason] += 1
                if len(self._omitted) < OMITTED_SHOWN:
                    omitted = omission_of(person, reason, self._schema)
                    self._omitted.setdefault(person.profile_id, omitted)
        for item in _loads(feeding.items):
            tally.objects += 1
            tally.points += self._question.forms.data_points(self._question.plan, item)
            if len(self._samples) < SAMPLES:
                made = self._question.forms.make_object(self._question.plan, item)
                if made is not None:
                    self._samples.append(self._question.forms.sample(self._question.plan, made))

    def _people(
        self, conn: Connection, mapped: Sequence[MappedEvent | RejectedMapping]
    ) -> dict[tuple[int, int], StoredProfile]:
        account = self._question.config.number
        known = [each for each in mapped if isinstance(each, MappedEvent)]
        actors = find_actors(conn, account, known)
        found = read_profiles(conn, account, set(actors.values()))
        profiles = {each.profile_id: each for each in found}
        return {place: profiles[owner] for place, owner in actors.items() if owner in profiles}


def _key(event: MappedEvent) -> tuple[int, int]:
    return event.lane, event.seq


def _arrival(event: LoggedEvent) -> Arrival:
    received = to_us(event.received_at)
    return Arrival(
        lane=event.lane,
        seq=event.seq,
        stream=event.stream,
        received_us=received,
        occurred_us=received if event.occurred_at is None else to_us(event.occurred_at),
        body=event.body,
    )


def _loads(items: Mapping[int, Sequence[NewQueueItem]]) -> Iterator[QueueItem]:
    for destination, queued in items.items():
        for item in queued:
            yield QueueItem(
                destination=destination, id=0, recipient=item.recipient, body=item.body, attempts=0
            )
