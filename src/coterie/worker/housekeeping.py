"""Keeps house beside the jobs: identities, audiences, partitions, health of authorizations."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from coterie.base.errors import TransientError
from coterie.control.definitions.audience_life import expire_overdue
from coterie.control.definitions.sizes import note_sizes
from coterie.control.health import check_next
from coterie.control.probes import build_probes
from coterie.flow.eventlog.prepare import ensure_days
from coterie.flow.eventlog.repeats import FORGOTTEN_AT_ONCE, forget_contents
from coterie.flow.eventlog.seen import turn_seen_period
from coterie.flow.exports.requests import forget_items, forget_requests
from coterie.flow.run.generations import enter_live_generation
from coterie.flow.run.inspect import inspect_next
from coterie.flow.run.retention import Retention, forget
from coterie.store import Connection
from coterie.worker.alerting import tell_people
from coterie.worker.builder import build_range, empty_range
from coterie.worker.dependencies import Bench
from coterie.worker.eraser import erase_next
from coterie.worker.replayer import Replayer, drop_cancelled
from coterie.worker.rerunner import rerun_next

log = structlog.get_logger(__name__)

Step = Callable[[Bench], bool]
"""Does a part of something; returns whether there was anything to do."""

IDLE_SECONDS = 0.25
BROKEN = timedelta(seconds=10)
EVERY = timedelta(hours=1)
ALERTS_EVERY = timedelta(minutes=1)
# How long what found nothing to do may wait: what people watch, and what is rare.
OFTEN, SELDOM = timedelta(milliseconds=250), timedelta(seconds=1)
FORGET_AT_ONCE = 10_000


class Chore:
    """Something that is done a step at a time; one that breaks holds up no other."""

    def __init__(self, step: Step, *, pause: timedelta) -> None:
        self._step = step
        self._pause = pause
        self._due: datetime | None = None

    def take(self, bench: Bench) -> bool:
        """Take the next step if it is time; say whether there was one."""
        now = bench.clock()
        if self._due is not None and now < self._due:
            return False
        try:
            worked = self._step(bench)
        except TransientError as error:
            log.warning("housekeeping.postponed", code=error.code)
            self._due = now + self._pause
            return False
        except Exception:
            # The jobs of this process go on, whatever an audience's building stumbles over.
            log.exception("housekeeping.broken")
            self._due = now + BROKEN
            return False
        self._due = None if worked else now + self._pause
        return worked


def keep_house(bench: Bench, stop: threading.Event) -> None:
    """Work until `stop` is set: what there is to do in turn, so that none waits for another."""
    chores = [
        Chore(tidy_up, pause=EVERY),
        Chore(send_alerts, pause=ALERTS_EVERY),
        Chore(settle_next, pause=OFTEN),
        Chore(build_range, pause=OFTEN),
        Chore(empty_range, pause=OFTEN),
        Chore(end_audiences, pause=SELDOM),
        Chore(erase_next, pause=SELDOM),
        Chore(Replayer(), pause=SELDOM),
        Chore(drop_cancelled, pause=SELDOM),
        Chore(rerun_next, pause=SELDOM),
        Chore(look_at_keys, pause=SELDOM),
    ]
    while not stop.is_set():
        worked = [chore.take(bench) for chore in chores]
        if not any(worked):
            stop.wait(IDLE_SECONDS)


def tidy_up(bench: Bench) -> bool:
    """Do what is due once an hour."""
    tidy(bench)
    check_health(bench)
    return False


def send_alerts(bench: Bench) -> bool:
    """Tell people what they asked to be told."""
    tell_people(bench)
    return False


def end_audiences(bench: Bench) -> bool:
    """End audiences whose time is over; say whether there were any."""
    return expire_overdue(bench.store, bench.clock) > 0


def settle_next(bench: Bench) -> bool:
    """Settle a group of identifiers that was too large for a batch; say whether there was one."""
    with bench.store.transaction() as conn:
        enter_live_generation(conn)
        return bench.settler.settle_next(conn, now=bench.clock())


def check_health(bench: Bench) -> None:
    """Try each authorization that was not tried for a day."""
    probes = build_probes(bench.settings)
    while check_next(bench.store, bench.ring, probes, now=bench.clock()) is not None:
        pass


def look_at_keys(bench: Bench) -> bool:
    """Count the raw keys of some events that workers have processed.

    It never asks for another turn at once, so that it costs a few percent of a processor at most;
    the counts of all keys are written at each turn, so that few turns are cheaper than many.
    """
    with bench.store.transaction() as conn:
        inspect_next(conn)
    return False


def tidy(bench: Bench) -> None:
    """Make the partitions of the coming days; keep sizes; forget what was kept for long enough."""
    today = bench.clock().date()
    with bench.store.transaction() as conn:
        ensure_days(conn, today)
    with bench.store.transaction() as conn:
        enter_live_generation(conn)
        note_sizes(conn, now=bench.clock())
    with bench.store.transaction() as conn:
        turn_seen_period(conn, today=today, days=bench.settings.seen_message_days)
    now = bench.clock()
    before = now - timedelta(days=bench.settings.delivery_keep_days)
    _in_chunks(bench, FORGOTTEN_AT_ONCE, lambda conn: forget_contents(conn, now=now))
    most = FORGET_AT_ONCE
    _in_chunks(bench, most, lambda conn: forget_requests(conn, before=before, limit=most))
    _in_chunks(bench, most, lambda conn: forget_items(conn, before=before, limit=most))
    kept = Retention(
        bench.settings.log_days, bench.settings.change_days, bench.settings.rejected_days
    )
    forget(bench.store, kept, now=now)


def _in_chunks(bench: Bench, most: int, act: Callable[[Connection], int]) -> None:
    while True:
        with bench.store.transaction() as conn:
            if act(conn) < most:
                return
