"""Cluster identities again with no new data: operators' decisions, what a batch left aside."""

from collections.abc import Collection
from datetime import datetime, timedelta

import msgspec
import structlog

from coterie.flow.changes.record import DECISION_LANE, take_place
from coterie.flow.identity.maintenance import (
    advance_decisions,
    drop_unsettled,
    note_unsettled,
    postpone_unsettled,
    take_decision,
    take_unsettled,
)
from coterie.flow.run.context import Contexts
from coterie.flow.run.step import AccountStep, EntangledError
from coterie.model.changes import Cause
from coterie.model.mapped import Identifier
from coterie.store import Connection
from coterie.store.fences import share_fence

log = structlog.get_logger()

TRY_AGAIN = timedelta(hours=6)


class SettleLimits(msgspec.Struct, frozen=True):
    """How many identifiers are clustered in one transaction; each takes about 1 KB of memory.

    A worker follows decisions among live events, so it leaves large groups to maintenance.
    """

    worker: int = 1_000
    maintenance: int = 500_000


USUAL_LIMITS = SettleLimits()


class Settler:
    """Clusters again what is due, in the caller's transactions."""

    def __init__(self, contexts: Contexts, limits: SettleLimits = USUAL_LIMITS) -> None:
        self._contexts = contexts
        self._limits = limits

    def follow_decision(self, conn: Connection, *, now: datetime) -> bool:
        """Let profiles follow the next decision of an operator; say whether there was one.

        What changes and the note that it did share a transaction.
        """
        share_fence(conn)
        work = take_decision(conn)
        if work is None:
            return False
        most = self._limits.worker
        size = self._settle(
            conn, (work.account, work.identifiers), cause="decision", now=now, largest=most
        )
        if size is None:
            log.info("identity.decision.followed", account=work.account, decision=work.id)
        else:
            note_unsettled(conn, work.account, work.identifiers, now=now)
            log.warning(
                "identity.decision.postponed", account=work.account, decision=work.id, size=size
            )
        advance_decisions(conn, work.id)
        return True

    def settle_next(self, conn: Connection, *, now: datetime) -> bool:
        """Settle exactly what a batch left aside longest ago; say whether anything was due."""
        share_fence(conn)
        item = take_unsettled(conn, now=now)
        if item is None:
            return False
        most = self._limits.maintenance
        group = (item.account, (item.identifier,))
        size = self._settle(conn, group, cause="event", now=now, largest=most)
        if size is None:
            drop_unsettled(conn, item)
            log.info("identity.settled", account=item.account, waited=str(now - item.since))
        else:
            postpone_unsettled(conn, item, until=now + TRY_AGAIN)
            log.error("identity.too_large", account=item.account, size=size, largest=most)
        return True

    def _settle(
        self,
        conn: Connection,
        group: tuple[int, Collection[Identifier]],
        *,
        cause: Cause,
        now: datetime,
        largest: int,
    ) -> int | None:
        """Cluster a group again; return its size if it is too large, None once it is done."""
        account, identifiers = group
        self._contexts.refresh(conn)
        if not self._contexts.knows(account):
            return None
        step = AccountStep(conn, self._contexts.get(account), self._contexts.names)
        place = take_place(conn, DECISION_LANE)
        try:
            step.settle(identifiers, place, cause=cause, now=now, largest=largest)
        except EntangledError as error:
            return error.size
        return None
