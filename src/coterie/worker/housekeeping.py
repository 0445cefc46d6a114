"""Keeps house beside the jobs: identities, audiences, partitions, health of authorizations."""

import threading
from collections.abc import Callable
from datetime import timedelta

import structlog

from coterie.base.errors import TransientError
from coterie.control.definitions.audience_life import expire_overdue
from coterie.control.definitions.sizes import note_sizes
from coterie.control.health import check_next
from coterie.control.probes import build_probes
from coterie.flow.eventlog.prepare import ensure_days
from coterie.flow.eventlog.repeats import FORGOTTEN_AT_ONCE, forget_contents
from coterie.flow.eventlog.seen import forget_seen
from coterie.flow.exports.requests import forget_items, forget_requests
from coterie.flow.run.generations import enter_live_generation
from coterie.store import Connection
from coterie.worker.alerting import tell_people
from coterie.worker.builder import build_range, empty_range
from coterie.worker.dependencies import Bench
from coterie.worker.eraser import erase_next
from coterie.worker.replayer import Replayer, drop_cancelled

log = structlog.get_logger(__name__)

IDLE_SECONDS = 0.25
BROKEN_SECONDS = 10.0
EVERY = timedelta(hours=1)
ALERTS_EVERY = timedelta(minutes=1)
ENDS_EVERY = timedelta(seconds=1)
FORGET_AT_ONCE = 10_000


def keep_house(bench: Bench, stop: threading.Event) -> None:
    """Work until `stop` is set."""
    due = ends_due = alerts_due = bench.clock()
    due = ends_due = bench.clock()
    steps = (*STEPS, Replayer(), drop_cancelled)
    while not stop.is_set():
        try:
            if bench.clock() >= due:
                tidy(bench)
                due = bench.clock() + EVERY
                check_health(bench)
            if bench.clock() >= ends_due:
                expire_overdue(bench.store, bench.clock)
                ends_due = bench.clock() + ENDS_EVERY
            if bench.clock() >= alerts_due:
                tell_people(bench)
                alerts_due = bench.clock() + ALERTS_EVERY
            if not settle_next(bench) and not build_range(bench) and not empty_range(bench):
            worked = [step(bench) for step in STEPS]
            worked = [step(bench) for step in steps]
            if not any(worked):
                stop.wait(IDLE_SECONDS)
        except TransientError as error:
            log.warning("housekeeping.postponed", code=error.code)
            stop.wait(IDLE_SECONDS)
        except Exception:
            # The jobs of this process go on, whatever an audience's building stumbles over.
            log.exception("housekeeping.broken")
            stop.wait(BROKEN_SECONDS)


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


STEPS = (settle_next, erase_next, build_range, empty_range)
"""What is done a step at a time, in turn, so that none waits for the end of another."""


def tidy(bench: Bench) -> None:
    """Make the partitions of the coming days; keep sizes; forget messages whose time is over."""
    today = bench.clock().date()
    with bench.store.transaction() as conn:
        ensure_days(conn, today)
    with bench.store.transaction() as conn:
        enter_live_generation(conn)
        note_sizes(conn, now=bench.clock())
    now = bench.clock()
    before = now - timedelta(days=bench.settings.delivery_keep_days)
    _in_chunks(bench, FORGOTTEN_AT_ONCE, lambda conn: forget_contents(conn, now=now))
    most = FORGET_AT_ONCE
    _in_chunks(bench, most, lambda conn: forget_seen(conn, today=today, limit=most))
    _in_chunks(bench, most, lambda conn: forget_requests(conn, before=before, limit=most))
    _in_chunks(bench, most, lambda conn: forget_items(conn, before=before, limit=most))


def _in_chunks(bench: Bench, most: int, forget: Callable[[Connection], int]) -> None:
    while True:
        with bench.store.transaction() as conn:
            if forget(conn) < most:
                return
