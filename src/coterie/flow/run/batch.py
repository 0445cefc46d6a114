"""One worker transaction: from the events of a lane to everything that follows from them.

Take the lane's row; read events after its cursor; map them; look identifiers up; lock the profiles
in id order; resolve, fold, evaluate, diff; write all of it with the cursor; commit. A crash at any
point leaves nothing half done.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Literal

import msgspec

from coterie.base.errors import PermanentError
from coterie.base.ids import keyed_hash
from coterie.flow.changes.record import Place
from coterie.flow.eventlog.outcomes import record_outcomes
from coterie.flow.eventlog.read import advance, read_after, take_lane
from coterie.flow.eventlog.seen import mark_seen
from coterie.flow.identity.graph import Known, know
from coterie.flow.identity.owners import StaleReadError, find_owners, save_owners
from coterie.flow.identity.resolve import NeedsNeighbours, resolve
from coterie.flow.mapping.mapper import RejectedMapping
from coterie.flow.profiles.storage import lock_profiles
from coterie.flow.profiles.timeline import write_timeline
from coterie.flow.run.conclude import conclude, write
from coterie.flow.run.context import AccountContext, Contexts
from coterie.model.events import EventOutcome, LoggedEvent
from coterie.model.mapped import Identifier, MappedEvent
from coterie.model.profile import Resolution
from coterie.store import Connection
from coterie.store.fences import share_fence

# Events whose people are so entangled are set aside, so that their lane goes on.
LARGEST_COMPONENT = 5_000
NODE_CACHE = 200_000


class EntangledError(PermanentError):
    """Conflicts connect more people than one transaction can look at."""

    code = "entangled"

    def __init__(self, *, size: int) -> None:
        super().__init__(
            f"Conflicts connect {size:,} identifiers, and {LARGEST_COMPONENT:,} are the limit of "
            "one transaction. Block the values that many people share, then run the event again."
        )


class BatchReport(msgspec.Struct, frozen=True):
    """What one transaction did. `lane_busy`: another worker holds the lane.

    `poison` counts events that could not be processed and were set aside.
    """

    events: int = 0
    profiles: int = 0
    changes: int = 0
    rejected: int = 0
    duplicates: int = 0
    poison: int = 0
    merged: int = 0
    identifiers: int = 0
    lane_busy: bool = False


class BatchSettings(msgspec.Struct, frozen=True):
    """`hash_key` names profiles and nodes; `seen_days` is how long a message id is remembered."""

    hash_key: bytes
    seen_days: int = 7
    limit: int = 2_000


class Names:
    """Keyed names of identifiers, remembered for a while because they recur."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._nodes: OrderedDict[tuple[int, Identifier], bytes] = OrderedDict()

    def profile(self, account: int) -> Callable[[Identifier], str]:
        """Return the function that names an account's profiles by their first identifier."""
        number = str(account)
        return lambda first: keyed_hash(self._key, "profile", number, *first).hex()

    def node(self, account: int) -> Callable[[Identifier], bytes]:
        """Return the function that gives an account's nodes of the timeline their 16 bytes."""
        number, nodes = str(account), self._nodes

        def name(identifier: Identifier) -> bytes:
            key = (account, identifier)
            known = nodes.get(key)
            if known is None:
                known = keyed_hash(self._key, "node", number, *identifier)
                nodes[key] = known
                if len(nodes) > NODE_CACHE:
                    nodes.popitem(last=False)
            return known

        return name


class LaneProcessor:
    """Processes batches of lanes; one for each worker thread or process."""

    def __init__(self, contexts: Contexts, settings: BatchSettings) -> None:
        self._contexts = contexts
        self._settings = settings
        self._names = Names(settings.hash_key)

    def process(self, conn: Connection, lane: int, *, limit: int, now: datetime) -> BatchReport:
        """Process the next events of `lane`, at most `limit`, in the caller's transaction."""
        share_fence(conn)
        cursor = take_lane(conn, lane)
        if cursor is None:
            return BatchReport(lane_busy=True)
        events = read_after(conn, cursor, limit=limit)
        if not events:
            return BatchReport()
        self._contexts.refresh(conn)
        report = self._process_events(conn, events, now)
        last = events[-1]
        day = max(cursor.day, last.received_at.date())
        advance(conn, lane, seq=last.seq, day=day, at=now)
        return report

    def skip(self, conn: Connection, event: LoggedEvent, *, reason: str, now: datetime) -> None:
        """Set a poison event aside, so that its lane goes on."""
        outcome = _outcome(event, "poison", reason)
        record_outcomes(conn, [outcome], decided_at=now)
        advance(conn, event.lane, seq=event.seq, day=event.received_at.date(), at=now)

    def next_event(self, conn: Connection, lane: int) -> LoggedEvent | None:
        """Return the event after the lane's cursor, with the lane locked; None if there is none."""
        cursor = take_lane(conn, lane)
        events = read_after(conn, cursor, limit=1) if cursor else []
        return events[0] if events else None

    def _process_events(
        self, conn: Connection, events: Sequence[LoggedEvent], now: datetime
    ) -> BatchReport:
        expires_on: date = (now + timedelta(days=self._settings.seen_days)).date()
        duplicates = mark_seen(conn, events, expires_on=expires_on)
        outcomes: list[EventOutcome] = []
        mapped: dict[int, list[MappedEvent]] = {}
        for event in events:
            if (event.lane, event.seq) in duplicates:
                outcomes.append(_outcome(event, "duplicate", "the message was received before"))
                continue
            said = self._map(event)
            if isinstance(said, RejectedMapping):
                outcomes.append(_outcome(event, "rejected", said.reason))
            else:
                mapped.setdefault(event.account, []).append(said)
        record_outcomes(conn, outcomes, decided_at=now)
        place = Place(events[-1].lane, events[-1].seq)
        profiles = merged = identifiers = 0
        for account in sorted(mapped):
            step = AccountStep(conn, self._contexts.get(account), self._names)
            place = step.run(mapped[account], place)
            profiles += step.profiles
            merged += step.merged
            identifiers += step.identifiers
        return BatchReport(
            events=len(events),
            profiles=profiles,
            changes=place.first_n,
            rejected=len(outcomes) - len(duplicates),
            duplicates=len(duplicates),
            merged=merged,
            identifiers=identifiers,
        )

    def _map(self, event: LoggedEvent) -> MappedEvent | RejectedMapping:
        if not self._contexts.knows(event.account):
            return RejectedMapping(f"account {event.account} does not exist any more")
        return self._contexts.get(event.account).mapper.map(event)


class AccountStep:
    """The part of a transaction that concerns one account."""

    def __init__(self, conn: Connection, context: AccountContext, names: Names) -> None:
        self._conn = conn
        self._context = context
        self._names = names
        self.profiles = 0
        self.merged = 0
        self.identifiers = 0

    def run(self, events: Sequence[MappedEvent], place: Place) -> Place:
        """Process mapped events; return the place in the stream of changes after them."""
        context, conn = self._context, self._conn
        account = context.number
        known, resolution = self._resolve(events)
        stored = dict(known.stored)
        folded = context.folder.fold(resolution, stored)
        conclusion = conclude(context, folded, stored, "event", resolution)
        save_owners(conn, account, resolution.owners, known.owners)
        place = write(conn, context, conclusion, stored, place, resolution)
        write_timeline(conn, account, events, self._names.node(account))
        self.profiles = len(folded)
        self.merged = len(resolution.dissolved)
        self.identifiers = len(resolution.owners)
        return place

    def _resolve(self, events: Sequence[MappedEvent]) -> tuple[Known, Resolution]:
        account = self._context.number
        name = self._names.profile(account)
        wanted = {identifier for event in events for identifier in event.identifiers}
        known = know({}, {})
        asked = len(wanted)
        while True:
            # Every round loads another neighbour, so this ends.
            known = self._load(wanted, known)
            answer = resolve(events, known, self._context.rules, name)
            if not isinstance(answer, NeedsNeighbours):
                return known, answer
            wanted = set(answer.identifiers)
            if len(known.owners) > asked + LARGEST_COMPONENT:
                raise EntangledError(size=len(known.owners))

    def _load(self, wanted: set[Identifier], known: Known) -> Known:
        """Add the owners of `wanted` and their profiles, locked, to what is known."""
        account = self._context.number
        owners = find_owners(self._conn, account, wanted - known.owners.keys())
        missing = set(owners.values()) - known.stored.keys()
        stored = {**known.stored, **lock_profiles(self._conn, account, missing)}
        found = know({}, stored)
        # Between the look-up and the lock another worker may have regrouped a profile.
        if any(found.owners.get(item) != owner for item, owner in owners.items()):
            raise StaleReadError(what="a profile")
        return found


def _outcome(
    event: LoggedEvent, kind: Literal["duplicate", "rejected", "poison"], reason: str
) -> EventOutcome:
    return EventOutcome(
        lane=event.lane,
        seq=event.seq,
        account=event.account,
        stream=event.stream,
        kind=kind,
        reason=reason,
    )
