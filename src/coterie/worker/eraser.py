"""Works on erasures: the log, what was set aside or refused, what destinations were told."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec
import structlog

from coterie.control.deleting import ensure_deletions, list_deleting
from coterie.control.erasures import (
    ErasureStep,
    ErasureWork,
    advance_erasure,
    finish_erasure,
    take_erasure,
    unseal_forgotten,
)
from coterie.flow.exports.forget import ask_deletions, list_told_names
from coterie.flow.run.erasure import (
    forget_deliveries,
    forget_events,
    forget_exceptions,
    forget_refused,
    forget_rows,
)
from coterie.flow.run.generations import enter_live_generation
from coterie.model.control import Actor
from coterie.model.erasure import Forgotten
from coterie.store import Connection
from coterie.store.fences import share_fence
from coterie.worker.dependencies import Bench

log = structlog.get_logger(__name__)

ERASER = Actor(name="eraser")
ASK_AGAIN = timedelta(seconds=15)


def erase_next(bench: Bench) -> bool:
    """Take the next step of an erasure that is due; say whether there was one.

    A step and the note of how far it came are one transaction.
    """
    now = bench.clock()
    with bench.store.transaction() as conn:
        share_fence(conn)
        enter_live_generation(conn)
        work = take_erasure(conn, now=now)
        if work is None:
            return False
        after, waiting = _take_step(conn, bench, work, unseal_forgotten(bench.ring, work))
        if after.step == "done":
            finish_erasure(conn, after, actor=ERASER, now=now)
            log.info("erasure.finished", account=work.account, erasure=work.id)
        else:
            due_at = now + ASK_AGAIN if waiting else now
            advance_erasure(conn, after, waiting=waiting, due_at=due_at)
    return True


def _take_step(
    conn: Connection, bench: Bench, work: ErasureWork, forgotten: Forgotten
) -> tuple[ErasureWork, int]:
    """Return the work after one step, and how many deliveries wait."""
    now, position = bench.clock(), work.position
    match work.step:
        case "log":
            bench.contexts.refresh(conn)
            erased = forget_events(conn, bench.contexts.get(work.account), forgotten, now=now)
            if erased is None:
                return _at(work, "exceptions"), 0
            return msgspec.structs.replace(work, events=work.events + erased), 0
        case "exceptions":
            place = (position.get("lane", -1), position.get("seq", -1))
            erased, last = forget_exceptions(conn, work.account, forgotten, place, now=now)
            work = msgspec.structs.replace(work, events=work.events + erased)
            if last is None:
                return _at(work, "refused"), 0
            reached = {"lane": last[0], "seq": last[1]}
            return msgspec.structs.replace(work, position=reached), 0
        case "refused":
            dropped, seen = forget_refused(conn, work.account, forgotten, position.get("id", 0))
            work = msgspec.structs.replace(work, refused=work.refused + dropped)
            if seen is None:
                return _at(work, "rows"), 0
            return msgspec.structs.replace(work, position={"id": seen}), 0
        case "rows":
            # Each of them was counted among what was refused.
            seen = forget_rows(conn, work.account, forgotten, position.get("id", 0))
            if seen is None:
                return _at(work, "deliveries"), 0
            return msgspec.structs.replace(work, position={"id": seen}), 0
        case "deliveries" | "done":
            return _forget_deliveries(conn, work, forgotten, now)


def _forget_deliveries(
    conn: Connection, work: ErasureWork, forgotten: Forgotten, now: datetime
) -> tuple[ErasureWork, int]:
    """Let destinations forget the person, and have the person deleted where jobs say so."""
    deleting = list_deleting(conn, work.account)
    work = _ask_deletions(conn, work, forgotten, deleting, now)
    waiting = forget_deliveries(conn, work.account, forgotten, deleting=deleting, now=now)
    return (work if waiting else _at(work, "done")), waiting


def _ask_deletions(
    conn: Connection,
    work: ErasureWork,
    forgotten: Forgotten,
    deleting: Mapping[int, int],
    now: datetime,
) -> ErasureWork:
    """Have the person deleted wherever they were told of by now.

    Asked each time anew: a first request may have been on its way when the person was forgotten.
    """
    account = work.account
    told = list_told_names(conn, forgotten.recipients, deleting)
    places = {
        number: ensure_deletions(conn, account, number)
        for number in sorted({deleting[destination] for destination, _ in told})
    }
    users = {(places[deleting[destination]], name) for destination, name in told}
    asked = ask_deletions(conn, account, users, now=now)
    return msgspec.structs.replace(work, deletions=work.deletions + asked)


def _at(work: ErasureWork, step: ErasureStep) -> ErasureWork:
    return msgspec.structs.replace(work, step=step, position={})
