"""The worker's loop: lanes with work, then due flips, for as long as it is wanted."""

import threading
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import msgspec
import structlog

from coterie.base.clock import Clock
from coterie.base.errors import TransientError
from coterie.base.garbage import paused_collector
from coterie.base.metrics import batch_seconds, events_processed_total
from coterie.flow.eventlog.lanes import is_bulk
from coterie.flow.eventlog.news import listen_for_events, wait_for_events
from coterie.flow.eventlog.read import lanes_with_work
from coterie.flow.profiles.storage import due_profiles, postpone_flip
from coterie.flow.run.batch import BatchReport, BatchSettings, LaneProcessor
from coterie.flow.run.context import ConfigAt, Contexts
from coterie.flow.run.generations import enter_live_generation
from coterie.flow.run.names import Names
from coterie.flow.run.revisit import flip_due, flip_profiles
from coterie.flow.run.settle import Settler
from coterie.store import Connection, Store, StoreUnavailableError, relax_commits, store_errors
from coterie.worker.builder import build_range
from coterie.worker.bulk_share import BulkShare
from coterie.worker.dependencies import BuildSite
from coterie.worker.pace import Pace

log = structlog.get_logger()

FLIPS_A_TURN = 500
# So many times the events of a live batch: each statement has a price of its own, which its rows
# share. A live event after a second without any waits for one such batch at the most.
BULK_TIMES = 2
RECONNECT_SECONDS = 1.0
REASON_LIMIT = 1_000
FLIP_LATER = timedelta(minutes=10)
DECISION_LATER = timedelta(minutes=1)
BUILDING_LATER = timedelta(minutes=1)
BUILDING_ASKED = timedelta(milliseconds=500)


class WorkerDependencies(msgspec.Struct, frozen=True):
    """What the composition root gives a worker.

    `bulk_share` is the part of its time that bulk lanes get while live events come. With nothing
    to do it looks again when the collector rings, and after `idle_seconds` by itself.
    """

    store: Store
    config_at: ConfigAt
    clock: Clock
    batch: BatchSettings
    idle_seconds: float = 0.2
    bulk_share: float = 0.2


def run_worker(deps: WorkerDependencies, stop: threading.Event) -> None:
    """Work until `stop` is set; the batch under way is finished first."""
    while not stop.is_set():
        try:
            with deps.store.connect() as conn:
                prepare_connection(conn)
                Worker(deps, conn).run(stop)
        except StoreUnavailableError as error:
            log.warning("worker.store.unavailable", reason=error.message)
            stop.wait(RECONNECT_SECONDS)


class Worker:
    """Works on one connection; a lost connection ends it with nothing half done."""

    def __init__(self, deps: WorkerDependencies, conn: Connection) -> None:
        self._deps = deps
        self._conn = conn
        names = Names(deps.batch.hash_key)
        self._contexts = Contexts(deps.config_at, names, deps.batch.bounds)
        self._processor = LaneProcessor(self._contexts, deps.batch)
        self._settler = Settler(self._contexts)
        # A pace for each lane: a lane that goes well says nothing about one that fails.
        self._paces: dict[int, Pace] = {}
        self._flip_pace = Pace(FLIPS_A_TURN)
        self._share = BulkShare(deps.bulk_share)
        self._decisions_due = self._building_due = deps.clock()
        self._site = BuildSite(deps.store, deps.clock, self._contexts)

    def run(self, stop: threading.Event) -> None:
        """Take turns until `stop` is set. Raises StoreUnavailableError."""
        listen_for_events(self._conn)
        while not stop.is_set():
            if not self.turn() and not self.idle_turn():
                wait_for_events(self._conn, self._deps.idle_seconds, stop)

    def turn(self) -> bool:
        """Follow a decision, process a batch of every live lane with work, due flips, then bulk.

        Say whether there was any.
        """
        worked = self._follow_decision()
        with store_errors(), self._conn.transaction():
            lanes = lanes_with_work(self._conn)
        live = [lane for lane in lanes if not is_bulk(lane)]
        done, waits = self._process_live(live)
        flipped = self._flip()
        bulk = self._process_bulk([lane for lane in lanes if is_bulk(lane)], live_waits=waits)
        return done + flipped + bulk > 0 or worked

    def _process_live(self, lanes: Sequence[int]) -> tuple[int, bool]:
        """Return how many events were processed, and whether more wait than fit into a batch."""
        began = time.monotonic()
        done, waits = 0, False
        for batch in self.live_batches(lanes):
            done += batch.events
            waits = waits or batch.is_full
        if done:
            now = time.monotonic()
            self._share.note_live(now - began, now=now)
        return done, waits

    def live_batches(self, lanes: Sequence[int]) -> Iterator[BatchReport]:
        """Process a batch of every live lane at whose people nobody else is; if none is, of any.

        Two workers at the same people wait for each other, and cores have nothing to do meanwhile.
        """
        done = 0
        for lane in lanes:
            report = self.process(lane, alone=True)
            done += report.events
            yield report
        if not done:
            yield from map(self.process, lanes)

    def _process_bulk(self, lanes: Sequence[int], *, live_waits: bool) -> int:
        """Return how many events were processed of the bulk lane that waited longest."""
        began = time.monotonic()
        whole = BULK_TIMES * self._deps.batch.limit
        most = self._share.limit(whole, live_waits=live_waits, now=began)
        for lane in lanes if most else ():
            done = self.process(lane, most=most).events
            if done:
                self._share.note_bulk(time.monotonic() - began)
                return done
        return 0

    def idle_turn(self) -> bool:
        """Help to build an audience while no events wait; say whether there was any."""
        now = self._deps.clock()
        if now < self._building_due:
            return False
        try:
            worked = build_range(self._site)
        except StoreUnavailableError:
            raise
        except TransientError as error:
            log.info("worker.building.conflict", code=error.code)
            return False
        except Exception as error:
            # Housekeeping goes on with it, and says so; events must not wait for it.
            log.exception("worker.building.failed", kind=type(error).__name__)
            self._building_due = now + BUILDING_LATER
            return False
        if not worked:
            self._building_due = now + BUILDING_ASKED
        return worked

    def process(self, lane: int, *, most: int | None = None, alone: bool = False) -> BatchReport:
        """Process the next batch of a lane; an empty report after a conflict or a failure."""
        most = self._deps.batch.limit if most is None else most
        pace = self._pace(lane)
        try:
            with paused_collector(), batch_seconds.time(), store_errors(), self._conn.transaction():
                enter_live_generation(self._conn)
                if pace.is_at_poison:
                    report = self._take_one(lane)
                else:
                    limit, now = min(pace.limit, most), self._deps.clock()
                    report = self._processor.process(
                        self._conn, lane, limit=limit, now=now, alone=alone
                    )
        except StoreUnavailableError:
            raise
        except TransientError as error:
            pace.slow_down()
            log.info("worker.batch.conflict", lane=lane, next_limit=pace.limit, code=error.code)
            return BatchReport()
        except Exception as error:
            kind = type(error).__name__
            log.exception("worker.batch.failed", lane=lane, limit=pace.limit, kind=kind)
            pace.fail()
            return BatchReport()
        if report.events:
            pace.succeed(most)
            _count(report)
        return report

    def _pace(self, lane: int) -> Pace:
        return self._paces.setdefault(lane, Pace(self._deps.batch.limit))

    def _take_one(self, lane: int) -> BatchReport:
        """Process the lane's next event, or set it aside if that fails.

        Under one lock of the lane, so that the verdict is about the event that was tried, however
        many workers try.
        """
        event = self._processor.next_event(self._conn, lane)
        if event is None:
            return BatchReport(lane_busy=True)
        now = self._deps.clock()
        try:
            with store_errors(), self._conn.transaction():
                return self._processor.process(self._conn, lane, limit=1, now=now)
        except TransientError:
            raise
        except Exception as error:  # noqa: BLE001 - the worker loop: this is the poison event
            self._processor.skip(self._conn, event, reason=_describe(error), now=now)
        log.error("worker.event.poison", lane=lane, seq=event.seq, account=event.account)
        return BatchReport(events=1, poison=1)

    def _follow_decision(self) -> bool:
        """Let profiles follow an operator's decision; False after a conflict or a failure."""
        now = self._deps.clock()
        if now < self._decisions_due:
            return False
        try:
            with store_errors(), self._conn.transaction():
                enter_live_generation(self._conn)
                return self._settler.follow_decision(self._conn, now=now)
        except StoreUnavailableError:
            raise
        except TransientError as error:
            log.info("worker.decision.conflict", code=error.code)
        except Exception as error:
            # The events go on; the decision is tried again, and is not lost.
            log.exception("worker.decision.failed", kind=type(error).__name__)
            self._decisions_due = now + DECISION_LATER
        return False

    def _flip(self) -> int:
        pace = self._flip_pace
        now = self._deps.clock()
        try:
            with store_errors(), self._conn.transaction():
                enter_live_generation(self._conn)
                if pace.is_at_poison:
                    done = self._flip_one(now)
                else:
                    done = flip_due(self._conn, self._contexts, now=now, limit=pace.limit)
        except StoreUnavailableError:
            raise
        except TransientError as error:
            pace.slow_down()
            log.info("worker.flips.conflict", next_limit=pace.limit, code=error.code)
            return 0
        except Exception as error:
            log.exception("worker.flips.failed", limit=pace.limit, kind=type(error).__name__)
            pace.fail()
            return 0
        pace.succeed(FLIPS_A_TURN)
        return done

    def _flip_one(self, now: datetime) -> int:
        """Ask the profile that is overdue longest, or later if that fails."""
        due = due_profiles(self._conn, now=now, limit=1)
        try:
            with store_errors(), self._conn.transaction():
                return flip_profiles(self._conn, self._contexts, due, now=now)
        except TransientError:
            raise
        except Exception as error:  # noqa: BLE001 - the worker loop: this is the profile that fails
            kind = type(error).__name__
        for account, profile_id in due:
            postpone_flip(self._conn, account, profile_id, now=now, until=now + FLIP_LATER)
            log.error("worker.flip.postponed", account=account, profile=profile_id, kind=kind)
        return len(due)


def _describe(error: Exception) -> str:
    """Return what the database can hold of an error's words."""
    words = f"{type(error).__name__}: {error}"[:REASON_LIMIT].replace("\0", "")
    return words.encode(errors="backslashreplace").decode()


def _count(report: BatchReport) -> None:
    aside = report.rejected + report.duplicates + report.poison
    events_processed_total.labels("processed").inc(report.events - aside)
    events_processed_total.labels("rejected").inc(report.rejected)
    events_processed_total.labels("duplicate").inc(report.duplicates)
    events_processed_total.labels("poison").inc(report.poison)


def prepare_connection(conn: Connection) -> None:
    """Let the connection's commits return before they are on disk.

    The cursor and the effects share a commit, so a crash loses both or neither; the sender's first
    write is synchronous, so nothing leaves the house before its cause is durable.
    """
    relax_commits(conn)
