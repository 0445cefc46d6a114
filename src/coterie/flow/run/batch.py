"""One worker transaction: from the events of a lane to everything that follows from them.

Take the lane's row; read events after its cursor; map them; look identifiers up; lock the profiles
in id order; resolve, fold, evaluate, diff; write all of it with the cursor; commit. A crash at any
point leaves nothing half done.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from coterie.flow.changes.record import Place
from coterie.flow.eventlog.outcomes import record_outcomes
from coterie.flow.eventlog.read import advance, read_after, take_lane
from coterie.flow.eventlog.seen import SeenMessages
from coterie.flow.identity.hints import OwnerHints
from coterie.flow.identity.newcomers import Newcomers
from coterie.flow.mapping.mapper import RejectedMapping
from coterie.flow.run.context import Contexts
from coterie.flow.run.feeding import bodies_of
from coterie.flow.run.repeats import REASON, find_repeats
from coterie.flow.run.step import AccountStep
from coterie.flow.run.suppress import sift
from coterie.lang.behaviour import Bounds
from coterie.model.events import EventOutcome, LoggedEvent, Verdict
from coterie.model.mapped import MappedEvent
from coterie.store import Connection
from coterie.store.fences import share_fence

_Map = Callable[[LoggedEvent], MappedEvent | RejectedMapping]

RECEIVED_BEFORE = "the message was received before"


class BatchReport(msgspec.Struct, frozen=True):
    """What one transaction did. `lane_busy`: another worker holds the lane, or its people.

    `poison` counts events that could not be processed and were set aside. `is_full`: there were as
    many events as were asked for, so more may wait.
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
    is_full: bool = False


class BatchSettings(msgspec.Struct, frozen=True):
    """`hash_key` names profiles and nodes; `bounds` say how much of a history is kept."""

    hash_key: bytes
    limit: int = 2_000
    bounds: Bounds = Bounds()


class LaneProcessor:
    """Processes batches of lanes; one for each worker thread or process."""

    def __init__(self, contexts: Contexts, settings: BatchSettings) -> None:
        self._contexts = contexts
        self._settings = settings
        self._names = contexts.names
        self._seen = SeenMessages()
        self._hints = OwnerHints()
        self._newcomers = Newcomers()

    def process(
        self, conn: Connection, lane: int, *, limit: int, now: datetime, alone: bool = False
    ) -> BatchReport:
        """Process the next events of `lane`, at most `limit`, in the caller's transaction.

        `alone`: not while another worker is at the people of the lane's line (see `take_lane`).
        """
        share_fence(conn)
        cursor = take_lane(conn, lane, alone=alone)
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
        return msgspec.structs.replace(report, is_full=len(events) >= limit)

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
        duplicates = dict.fromkeys(self._seen.mark(conn, events), RECEIVED_BEFORE)
        fresh = (event for event in events if (event.lane, event.seq) not in duplicates)
        duplicates |= dict.fromkeys(find_repeats(conn, fresh, self._contexts), REASON)
        outcomes: list[EventOutcome] = []
        mapped: dict[int, list[MappedEvent]] = {}
        rewritten: dict[tuple[int, int], str] = {}
        sifted: dict[int, list[tuple[LoggedEvent, MappedEvent]]] = {}
        mappings = {account: self._mapping(account) for account in {e.account for e in events}}
        for event in events:
            map_event, suppresses = mappings[event.account]
            reason = duplicates.get((event.lane, event.seq))
            is_duplicate = reason is not None
            if reason is not None:
                outcomes.append(_outcome(event, "duplicate", reason))
                if not suppresses:
                    continue
            said = map_event(event)
            if isinstance(said, RejectedMapping):
                if not is_duplicate:
                    kind: Verdict = "unreadable" if said.is_unreadable else "rejected"
                    outcomes.append(_outcome(event, kind, said.reason))
                continue
            if suppresses:
                sifted.setdefault(event.account, []).append((event, said))
            if not is_duplicate:
                mapped.setdefault(event.account, []).append(said)
        for account, named in sifted.items():
            kept, verdicts, texts = sift(conn, self._contexts.get(account), named)
            outcomes += verdicts
            rewritten |= texts
            mapped[account] = [one for one in kept if (one.lane, one.seq) not in duplicates]
        record_outcomes(conn, outcomes, decided_at=now)
        place = Place(events[-1].lane, events[-1].seq)
        profiles = merged = identifiers = 0
        for account in sorted(account for account, said in mapped.items() if said):
            context = self._contexts.get(account)
            step = AccountStep(conn, context, self._names, self._hints, self._newcomers)
            fed = bodies_of(context, events, rewritten)
            place = step.run(mapped[account], place, now=now, fed=fed)
            profiles += step.profiles
            merged += step.merged
            identifiers += step.identifiers
        return BatchReport(
            events=len(events),
            profiles=profiles,
            changes=place.first_n,
            # A duplicate may be erased too, and is one event all the same.
            rejected=len({(one.lane, one.seq) for one in outcomes}) - len(duplicates),
            duplicates=len(duplicates),
            merged=merged,
            identifiers=identifiers,
        )

    def _mapping(self, account: int) -> tuple[_Map, bool]:
        """Return how events of an account are mapped, and whether some of them are suppressed."""
        if not self._contexts.knows(account):
            return _map_of_nobody, False
        context = self._contexts.get(account)
        return context.mapper.map, context.suppresses


def _map_of_nobody(event: LoggedEvent) -> RejectedMapping:
    return RejectedMapping(f"account {event.account} does not exist any more")


def _outcome(event: LoggedEvent, kind: Verdict, reason: str) -> EventOutcome:
    return EventOutcome(
        lane=event.lane,
        seq=event.seq,
        account=event.account,
        stream=event.stream,
        kind=kind,
        reason=reason,
    )
