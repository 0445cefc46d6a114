"""Forgets what was kept for long enough: days of the log, changes, what was refused."""

from datetime import date, datetime, timedelta

import msgspec
import structlog

from coterie.flow.changes.forget import change_lanes, forget_changes
from coterie.flow.collect.keep import forget_rejected, keep_set_aside
from coterie.flow.eventlog.forget import days_of_log, drop_day, forget_outcomes, unread_lanes
from coterie.flow.imports.files import forget_rejects
from coterie.store import Store

log = structlog.get_logger()

REJECTED_AT_ONCE = 5_000


class Retention(msgspec.Struct, frozen=True):
    """Days for which things are kept; 0: for ever."""

    log_days: int
    change_days: int
    rejected_days: int


class KeptDay(msgspec.Struct, frozen=True):
    """A day of the log: about how many events, bytes with indexes, when it goes (None: never)."""

    day: date
    events: int
    bytes: int
    leaves_on: date | None


def list_days(store: Store, *, log_days: int) -> list[KeptDay]:
    """Return the days that the log holds, oldest first; a week to come is prepared."""
    with store.transaction() as conn:
        found = days_of_log(conn)
    stay = timedelta(days=log_days + 1)
    return [
        KeptDay(each.day, each.events, each.bytes, each.day + stay if log_days else None)
        for each in found
    ]


def forget(store: Store, retention: Retention, *, now: datetime) -> list[date]:
    """Forget what is older than `retention` says; return the days that left the log.

    A day that some lane has yet to read stays, with all younger ones. Each step is a transaction of
    its own. Raises StoreConflictError if readers of the log stay in the way; what was done holds.
    """
    dropped = _forget_days(store, retention, now.date()) if retention.log_days else []
    if retention.change_days:
        _forget_changes(store, before=now - timedelta(days=retention.change_days))
    if retention.rejected_days:
        _forget_rejected(store, before=now - timedelta(days=retention.rejected_days))
    return dropped


def _forget_days(store: Store, retention: Retention, today: date) -> list[date]:
    oldest_kept = today - timedelta(days=retention.log_days)
    with store.transaction() as conn:
        due = [each.day for each in days_of_log(conn) if each.day < oldest_kept]
    dropped: list[date] = []
    for day in due:
        with store.transaction() as conn:
            waiting = unread_lanes(conn, day)
            if waiting:
                log.warning("retention.day.unread", day=day.isoformat(), lanes=waiting)
                break
            keep_set_aside(conn, day)
            forget_outcomes(conn, day)
            drop_day(conn, day)
        log.info("retention.day.dropped", day=day.isoformat())
        dropped.append(day)
    return dropped


def _forget_changes(store: Store, *, before: datetime) -> None:
    with store.transaction() as conn:
        lanes = change_lanes(conn)
    for lane in lanes:
        more = True
        while more:
            with store.transaction() as conn:
                more = forget_changes(conn, lane, before=before)


def _forget_rejected(store: Store, *, before: datetime) -> None:
    gone = REJECTED_AT_ONCE
    while gone == REJECTED_AT_ONCE:
        with store.transaction() as conn:
            gone = forget_rejected(conn, before=before, limit=REJECTED_AT_ONCE)
    gone = REJECTED_AT_ONCE
    while gone == REJECTED_AT_ONCE:
        with store.transaction() as conn:
            gone = forget_rejects(conn, before=before, limit=REJECTED_AT_ONCE)
