"""Carries one batch to the destination and settles what came of it."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta

from coterie.base.errors import PermanentError, TransientError
from coterie.base.metrics import outbox_sent_total, outgoing_seconds
from coterie.connectors.braze.client import BrazeClient
from coterie.connectors.braze.errors import BrazeBusyError
from coterie.flow.exports.delivery import back_off_seconds
from coterie.flow.exports.hold import Hold
from coterie.model.delivery import Acknowledged, Postponed, Refused, Settlement
from coterie.sender.batches import Batch, Sent, send_batch
from coterie.sender.breaker import Breaker
from coterie.sender.dependencies import SenderDependencies
from coterie.sender.limiter import Limiter

# Without a word from Braze, a minute is the window of most of its limits.
BUSY_SECONDS = 60.0
# A short wait for the limiter happens in place; for a longer one the batch is put back.
LONGEST_WAIT_IN_PLACE = 5.0

OUTCOMES = {Acknowledged: "told", Refused: "parked", Postponed: "again"}


class Delivery:
    """What came of a batch: `sent` is None if nothing is known, `trouble` says why."""

    def __init__(self, *, sent: Sent | None = None, trouble: str = "") -> None:
        self.sent = sent
        self.trouble = trouble


class Courier:
    """Sends batches within the limits of one authorization; several may be under way."""

    def __init__(self, deps: SenderDependencies, hold: Hold, client: BrazeClient) -> None:
        self._deps = deps
        self._hold = hold
        self._client = client
        self._limiter = Limiter()
        self._breaker = Breaker()
        # The hold has one connection, on which transactions must not mix.
        self._writing = asyncio.Lock()

    @property
    def is_cautious(self) -> bool:
        """Answer whether a single batch should go ahead, to see if the destination is alive."""
        return not self._breaker.is_closed

    def seconds_to_wait(self) -> float:
        """Return how long nothing may leave, because of a limit or a dead destination."""
        now = self._deps.monotonic()
        return max(self._limiter.seconds_to_wait(now=now), self._breaker.seconds_to_wait(now=now))

    async def deliver(self, destination: int, batch: Batch) -> Delivery:
        """Send a batch that was marked in doubt, and settle it.

        Raises `StoreUnavailableError`; the batch is in doubt then.
        """
        wait = self._limiter.seconds_to_wait(now=self._deps.monotonic())
        if wait > LONGEST_WAIT_IN_PLACE:
            await self.settle(destination, self._put_back(batch, wait, answer="rate limit"))
            return Delivery()
        await asyncio.sleep(wait)
        started = self._deps.monotonic()
        try:
            sent = await send_batch(self._client, batch, limiter=self._limiter)
        except BrazeBusyError as error:
            seconds = BUSY_SECONDS if error.retry_after is None else error.retry_after
            self._limiter.block(seconds, now=self._deps.monotonic())
            await self.settle(destination, self._put_back(batch, seconds, answer=error.message))
            return Delivery()
        except (TransientError, PermanentError) as error:
            at_once = isinstance(error, PermanentError)
            await self.settle(destination, self._back_off(batch, answer=error.message))
            return Delivery(trouble=error.message if self._note_failure(at_once) else "")
        outgoing_seconds.observe(self._deps.monotonic() - started)
        await self.settle(destination, sent.settlements)
        self._note_answers(sent)
        return Delivery(sent=sent)

    def note_success(self) -> bool:
        """Count an answer; return whether the destination had counted as dead."""
        return self._breaker.note_success()

    async def settle(self, destination: int, settlements: Sequence[Settlement]) -> None:
        """Write down what came of shipments. Raises `StoreUnavailableError`."""
        for settlement in settlements:
            outbox_sent_total.labels(OUTCOMES[type(settlement.verdict)]).inc()
        await self.write(
            lambda: self._hold.settle(destination, settlements, now=self._deps.clock())
        )

    async def write(self, call: Callable[[], object]) -> None:
        """Run a call of the hold while no other is under way."""
        async with self._writing:
            await asyncio.to_thread(call)

    def _note_failure(self, at_once: bool) -> bool:
        now = self._deps.monotonic()
        return self._breaker.note_failure(
            now=now, chance=self._deps.chance.random(), at_once=at_once
        )

    def _note_answers(self, sent: Sent) -> None:
        for answer in sent.answers:
            self._limiter.learn(answer.limit, now=self._deps.monotonic())

    def _put_back(self, batch: Batch, seconds: float, *, answer: str) -> list[Settlement]:
        not_before = self._deps.clock() + timedelta(seconds=seconds)
        verdict = Postponed(not_before, answer, is_failure=False)
        return [Settlement(shipment, verdict) for shipment in batch.shipments]

    def _back_off(self, batch: Batch, *, answer: str) -> list[Settlement]:
        now = self._deps.clock()
        settlements = []
        for shipment in batch.shipments:
            chance = self._deps.chance.random()
            seconds = back_off_seconds(shipment.row.attempts, chance=chance)
            verdict = Postponed(now + timedelta(seconds=seconds), answer)
            settlements.append(Settlement(shipment, verdict))
        return settlements
