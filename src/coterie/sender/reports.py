"""Tells people what a sender did, without a line for every request."""

import asyncio
from collections.abc import Sequence

import structlog

from coterie.control.deliveries import (
    record_delivery,
    record_recovery,
    record_sleep,
    record_trouble,
)
from coterie.model.delivery import DeliveryCount, DestinationPlan
from coterie.sender.dependencies import SenderDependencies

log = structlog.get_logger(__name__)


class Reporter:
    """Gathers what was delivered with one authorization and hands it to the control plane."""

    def __init__(self, deps: SenderDependencies, *, authorization_id: int) -> None:
        self._deps = deps
        self._authorization_id = authorization_id
        self._counts: dict[int, DeliveryCount] = {}
        self._worth_telling: set[int] = set()
        self._reported_at: dict[int, float] = {}
        self._stirred_at: dict[int, float] = {}
        self._asleep: set[int] = set()
        # An earlier sender may have left the authorization marked as unhealthy.
        self._may_be_unhealthy = True

    def add(self, destination: int, count: DeliveryCount) -> None:
        """Count one flush."""
        if count != DeliveryCount():
            self._stirred_at[destination] = self._deps.monotonic()
            self._asleep.discard(destination)
            self._counts[destination] = self._counts.get(destination, DeliveryCount()) + count
            if count.added or count.removed or count.refused or count.doubtful or count.told_again:
                self._worth_telling.add(destination)

    async def report(self, plans: Sequence[DestinationPlan], *, at_once: bool) -> None:
        """Write a log line for each destination that has news and was not reported lately.

        One that has had none for long, and where nothing waits, sleeps; that is told once.
        """
        now = self._deps.monotonic()
        for plan in plans:
            is_due = now - self._reported_at.get(plan.id, -1e9) >= self._deps.report_seconds
            if plan.id not in self._worth_telling or not (at_once or is_due):
                continue
            self._worth_telling.discard(plan.id)
            count = self._counts.pop(plan.id)
            self._reported_at[plan.id] = now
            log.info("sender.synced", destination=plan.id, requests=count.requests)
            await asyncio.to_thread(
                record_delivery, self._deps.desk.store, plan, count, now=self._deps.clock()
            )
        if at_once:
            for plan in plans:
                await self._let_sleep(plan)

    async def _let_sleep(self, plan: DestinationPlan) -> None:
        now = self._deps.monotonic()
        calm = now - self._stirred_at.setdefault(plan.id, now)
        if plan.id in self._asleep or plan.delivery != "running" or calm < self._deps.sleep_seconds:
            return
        self._stirred_at[plan.id] = now
        desk = self._deps.desk
        if await asyncio.to_thread(desk.count_waiting, plan.id):
            return
        self._asleep.add(plan.id)
        await asyncio.to_thread(record_sleep, desk.store, plan, now=self._deps.clock())

    async def tell_trouble(self, plans: Sequence[DestinationPlan], *, detail: str) -> None:
        """Say that nothing is sent for now, and why."""
        self._may_be_unhealthy = True
        log.warning("sender.trouble", authorization_id=self._authorization_id, detail=detail)
        await asyncio.to_thread(
            record_trouble,
            self._deps.desk.store,
            self._authorization_id,
            _jobs(plans),
            detail=detail,
            now=self._deps.clock(),
        )

    async def tell_success(self, plans: Sequence[DestinationPlan]) -> None:
        """Say that sending goes on, if it was in trouble."""
        if not self._may_be_unhealthy:
            return
        self._may_be_unhealthy = False
        recovered = await asyncio.to_thread(
            record_recovery,
            self._deps.desk.store,
            self._authorization_id,
            _jobs(plans),
            now=self._deps.clock(),
        )
        if recovered:
            log.info("sender.recovered", authorization_id=self._authorization_id)


def _jobs(plans: Sequence[DestinationPlan]) -> list[int]:
    return sorted({job_id for plan in plans for job_id in plan.jobs})
