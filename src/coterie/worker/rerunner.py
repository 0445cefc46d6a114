"""Runs events again whose mapping could not be read, once it can."""

import structlog

from coterie.base.errors import UserError
from coterie.flow.eventlog.outcomes import unreadable_events, unreadable_streams
from coterie.flow.run.repair import Repair, run_again
from coterie.store.fences import share_fence
from coterie.worker.dependencies import Bench

log = structlog.get_logger(__name__)

EVENTS_AT_ONCE = 500
RERUNNER = "rerunner"


def rerun_next(bench: Bench) -> bool:
    """Run the next events again whose mappings were corrected; say whether there were any.

    They count as received now, so that the version in force maps them, and as happened when they
    came.
    """
    now = bench.clock()
    with bench.store.transaction() as conn:
        share_fence(conn)
        bench.contexts.refresh(conn)
        for account, stream in unreadable_streams(conn):
            knows = bench.contexts.knows(account)
            if not knows or not bench.contexts.get(account).mapper.can_read(stream):
                continue
            events = unreadable_events(conn, account, stream, limit=EVENTS_AT_ONCE)
            for lane, seq in events:
                repair = Repair(account=account, stream=stream, ref=f"{lane}-{seq}")
                try:
                    run_again(conn, repair, actor=RERUNNER, now=now)
                except UserError as error:
                    # Somebody else was first, or its day has left the log.
                    log.warning("rerun.left_out", ref=repair.ref, code=error.code)
            if events:
                log.info("rerun.done", account=account, stream=stream, events=len(events))
                return True
    return False
