"""Sends all that is due with one authorization."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from coterie.flow.exports.delivery import count_delivery, plan_shipments
from coterie.flow.exports.hold import Hold
from coterie.model.delivery import Acknowledged, DestinationPlan, OutboxRow, Settlement, Shipment
from coterie.sender.batches import split_batches
from coterie.sender.courier import Courier, Delivery
from coterie.sender.dependencies import SenderDependencies
from coterie.sender.reports import Reporter

AHEAD = timedelta(days=1)


class AuthorizationSender:
    """The one sender of an authorization, as long as it has the hold.

    Each cycle takes rows of one destination, marks them, sends them in parallel requests and
    settles all of them before the next cycle, so a user never has two requests under way.
    """

    def __init__(
        self,
        deps: SenderDependencies,
        hold: Hold,
        courier: Courier,
        reporter: Reporter,
        *,
        objects_per_request: int,
    ) -> None:
        self._deps = deps
        self._hold = hold
        self._courier = courier
        self._reporter = reporter
        self._objects = objects_per_request
        self._plans: dict[int, DestinationPlan] = {}
        self._waiting_since: dict[int, float] = {}

    async def follow(self, plans: Sequence[DestinationPlan]) -> None:
        """Serve these destinations from now on; what a resumed job had kept back is due again.

        Not to be called during a cycle. Raises `StoreUnavailableError`.
        """
        before = self._plans
        self._plans = {plan.id: plan for plan in plans}
        for plan in plans:
            known = before.get(plan.id)
            if known is not None and not known.held - plan.held:
                continue
            grace = self._deps.takeover_seconds if known is None else 0.0
            doubtful_from = self._deps.clock() + timedelta(seconds=grace)
            await asyncio.to_thread(self._hold.rearm, plan.id, doubtful_from=doubtful_from)

    async def cycle(self) -> bool:
        """Send what is due; return whether there was anything.

        Raises `StoreUnavailableError` or `HoldLostError`; then a new hold is needed.
        """
        worked = False
        for plan in self._plans.values():
            if self._courier.seconds_to_wait() > 0:
                break
            worked = await self._flush(plan) or worked
        await self._reporter.report(list(self._plans.values()), at_once=not worked)
        return worked

    def seconds_to_wait(self) -> float:
        """Return how long nothing may leave, because of a limit or a dead destination."""
        return self._courier.seconds_to_wait()

    async def finish(self) -> None:
        """Report what has not been reported."""
        await self._reporter.report(list(self._plans.values()), at_once=True)

    async def _flush(self, plan: DestinationPlan) -> bool:
        cautious = self._courier.is_cautious
        limit = self._objects * (1 if cautious else self._deps.parallel)
        # The breaker says when a dead destination is tried again, whatever the rows' own back-off.
        due_at = self._deps.clock() + (AHEAD if cautious else timedelta())
        rows = await asyncio.to_thread(self._hold.take, plan.id, limit=limit, now=due_at)
        shipments = plan_shipments(self._ripe(plan.id, rows), held=plan.held)
        if not shipments:
            return False
        idle = [shipment for shipment in shipments if shipment.difference.is_empty]
        if idle:
            settled = [Settlement(shipment, Acknowledged()) for shipment in idle]
            await self._courier.settle(plan.id, settled)
        due = [shipment for shipment in shipments if not shipment.difference.is_empty]
        if due:
            await self._send(plan, due)
        return True

    def _ripe(self, destination: int, rows: list[OutboxRow]) -> list[OutboxRow]:
        # Full batches leave at once; the rest waits until flush_seconds after it was first seen,
        # so that a user's changes within that time become one.
        rest = len(rows) % self._objects
        now = self._deps.monotonic()
        if rest == 0:
            self._waiting_since.pop(destination, None)
            return rows
        since = self._waiting_since.setdefault(destination, now)
        if now - since >= self._deps.flush_seconds:
            del self._waiting_since[destination]
            return rows
        return rows[: len(rows) - rest]

    async def _send(self, plan: DestinationPlan, due: list[Shipment]) -> None:
        marked = await asyncio.to_thread(self._hold.mark_in_doubt, plan.id, due)
        batches = split_batches(plan.attribute, marked, objects_per_request=self._objects)
        gate = asyncio.Semaphore(self._deps.parallel)

        async def deliver(number: int) -> Delivery:
            async with gate:
                return await self._courier.deliver(plan.id, batches[number])

        # Every batch is settled before an error of one of them ends this sender.
        done = await asyncio.gather(*map(deliver, range(len(batches))), return_exceptions=True)
        deliveries = [one for one in done if isinstance(one, Delivery)]
        await self._judge(plan, deliveries)
        for one in done:
            if isinstance(one, BaseException):
                raise one

    async def _judge(self, plan: DestinationPlan, deliveries: list[Delivery]) -> None:
        plans = list(self._plans.values())
        for delivery in deliveries:
            if delivery.sent is not None:
                count = count_delivery(delivery.sent.settlements, requests=delivery.sent.requests)
                self._reporter.add(plan.id, count)
            if delivery.trouble:
                await self._reporter.tell_trouble(plans, detail=delivery.trouble)
        if any(delivery.sent is not None for delivery in deliveries):
            if self._courier.note_success():
                for destination in self._plans:
                    await asyncio.to_thread(self._hold.hurry, destination)
            await self._reporter.tell_success(plans)
