"""Carries parcels to one endpoint, within what it allows, and says what came of each."""

from collections import Counter

import msgspec

from coterie.base.errors import CoterieError, PermanentError, TransientError
from coterie.base.metrics import outbox_sent_total, outgoing_seconds
from coterie.connectors.destination import (
    Answer,
    BusyError,
    Connector,
    RefusedError,
    UnavailableError,
)
from coterie.flow.exports.delivery import back_off_seconds
from coterie.flow.exports.draft import Ended
from coterie.flow.exports.requests import Closing, Outcome
from coterie.model.delivery import Acknowledged, Load, Postponed, QueueItem, Refused, Settlement
from coterie.sender.breaker import Breaker
from coterie.sender.dependencies import SenderDependencies
from coterie.sender.limiter import Limiter
from coterie.sender.parcels import Packed, Parcel
from coterie.sender.window import Window

OUTCOMES = {Acknowledged: "told", Refused: "parked", Postponed: "again"}


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a parcel for `users`.

    `trouble` says that nothing is sent for now, `answered` that it is.
    """

    users: frozenset[str]
    ended: Ended
    requests: int
    answered: bool
    trouble: str = ""


class Courier:
    """Sends to one endpoint with one key; several parcels may be under way."""

    def __init__(self, deps: SenderDependencies, connector: Connector) -> None:
        self._deps = deps
        self._connector = connector
        self._limiter = Limiter()
        self._breaker = Breaker()
        self._window = Window(most=min(deps.parallel, connector.parallel or deps.parallel))
        # Parcels that have room, and those of them that have not left yet.
        self._under_way = 0
        self._promised = 0

    @property
    def is_cautious(self) -> bool:
        """Answer whether a single parcel should go ahead, to see if the destination is alive."""
        return not self._breaker.is_closed

    def room(self) -> int:
        """Return how many parcels may leave now."""
        now = self._deps.monotonic()
        if self._breaker.seconds_to_wait(now=now) > 0:
            return 0
        size = 1 if self.is_cautious else self._window.size
        allowance = self._limiter.allowance(now=now) - self._promised
        return max(0, min(size - self._under_way, allowance))

    def promise(self, parcels: int) -> None:
        """Keep room for parcels until they are carried, or taken back."""
        self._under_way += parcels
        self._promised += parcels

    def take_back(self) -> None:
        """Give back the room of a parcel that does not leave."""
        self._under_way -= 1
        self._promised -= 1

    def seconds_to_wait(self) -> float:
        """Return how long nothing may leave, because of a limit or a dead destination."""
        now = self._deps.monotonic()
        return max(self._limiter.seconds_to_wait(now=now), self._breaker.seconds_to_wait(now=now))

    def note_success(self) -> bool:
        """Count an answer; return whether the destination had counted as dead."""
        return self._breaker.note_success()

    async def carry(self, parcel: Parcel, *, number: int) -> Delivery:
        """Send a parcel that was promised room; never raises an error of the destination."""
        self._promised -= 1
        attempt = _Attempt(self, parcel)
        try:
            await attempt.send(parcel.packed)
        finally:
            self._under_way -= 1
        for kind, many in Counter(type(one.verdict) for one in attempt.settlements).items():
            outbox_sent_total.labels(OUTCOMES[kind]).inc(many)
        refused = sum(isinstance(one.verdict, Refused) for one in attempt.settlements)
        closing = Closing(
            id=number,
            outcome=attempt.outcome,
            status=attempt.status,
            answer=attempt.answer,
            refused=refused,
        )
        return Delivery(
            users=parcel.users,
            ended=Ended(closing=closing, settlements=tuple(attempt.settlements)),
            requests=attempt.requests,
            answered=attempt.answered,
            trouble=attempt.trouble,
        )

    async def ask(self, parcel: Parcel, packed: tuple[Packed, ...]) -> Answer:
        """Send one request; raises the errors of the client."""
        started = self._deps.monotonic()
        self._limiter.spend(now=started)
        answer = await self._connector.send(
            parcel.plan, parcel.target, [one.object for one in packed]
        )
        now = self._deps.monotonic()
        outgoing_seconds.observe(now - started)
        self._limiter.learn(answer.limit, now=now)
        self._window.widen()
        return answer

    def postpone(self, error: CoterieError, load: Load, *, chance: float) -> Postponed:
        """Return when a load is tried again after an error that says nothing of its own fate."""
        attempts = load.attempts if isinstance(load, QueueItem) else load.row.attempts
        seconds = back_off_seconds(attempts, chance=chance)
        doubtful = isinstance(error, UnavailableError) and error.may_have_worked
        if doubtful:
            # It may still be under way, and what follows must not overtake it.
            seconds = max(seconds, self._deps.takeover_seconds)
        return Postponed(seconds, error.message, is_doubtful=doubtful)

    def draw(self) -> float:
        """Return a number in [0, 1) that spreads what failed together."""
        return self._deps.chance.random()

    def note_busy(self, error: BusyError) -> float:
        """Let nothing leave as long as the destination says; return the seconds."""
        self._window.narrow()
        return self._limiter.block(error.retry_after, now=self._deps.monotonic())

    def note_failure(self, error: CoterieError) -> bool:
        """Count a failure; return whether nothing leaves from now on."""
        at_once = isinstance(error, PermanentError)
        if not at_once:
            self._window.narrow()
        now = self._deps.monotonic()
        return self._breaker.note_failure(now=now, chance=self.draw(), at_once=at_once)


class _Attempt:
    """One parcel under way, down to the object that spoils it."""

    def __init__(self, courier: Courier, parcel: Parcel) -> None:
        self._courier = courier
        self._parcel = parcel
        self.settlements: list[Settlement] = []
        self.requests = 0
        self.answered = False
        self.trouble = ""
        self.outcome: Outcome = "answered"
        self.status: int | None = None
        self.answer = ""

    async def send(self, packed: tuple[Packed, ...]) -> None:
        """Send objects, in halves if they are refused together without a word on which is wrong."""
        self.requests += 1
        try:
            answer = await self._courier.ask(self._parcel, packed)
        except RefusedError as error:
            self.answered = True
            await self._narrow_down(packed, error)
        except BusyError as error:
            seconds = self._courier.note_busy(error)
            verdict = Postponed(seconds, error.message, is_doubtful=False, is_failure=False)
            self._note("postponed", 429, error.message)
            self.settlements += [Settlement(one.load, verdict) for one in packed]
        except (TransientError, PermanentError) as error:
            self._fail(packed, error)
        else:
            self.answered = True
            self._note("answered", answer.status, answer.text)
            self.settlements += [
                Settlement(one.load, _verdict(answer, index=index, sent=one))
                for index, one in enumerate(packed)
            ]

    async def _narrow_down(self, packed: tuple[Packed, ...], error: RefusedError) -> None:
        self._note("refused", error.status, error.answer)
        if len(packed) > 1 and error.is_divisible:
            middle = len(packed) // 2
            await self.send(packed[:middle])
            await self.send(packed[middle:])
            return
        self.settlements += [
            Settlement(one.load, Refused(error.message, _record(one, answer=error.answer)))
            for one in packed
        ]

    def _fail(self, packed: tuple[Packed, ...], error: CoterieError) -> None:
        is_unknown = isinstance(error, UnavailableError) and error.may_have_worked
        status = error.status if isinstance(error, UnavailableError) else None
        self._note("unknown" if is_unknown else "postponed", status, error.message)
        # What leaves together comes back together, so that it fills a request again.
        chance = self._courier.draw()
        self.settlements += [
            Settlement(one.load, self._courier.postpone(error, one.load, chance=chance))
            for one in packed
        ]
        if self._courier.note_failure(error):
            self.trouble = error.message

    def _note(self, outcome: Outcome, status: int | None, answer: str) -> None:
        self.outcome, self.status, self.answer = outcome, status, answer


def _verdict(answer: Answer, *, index: int, sent: Packed) -> Acknowledged | Refused:
    reason = answer.refused.get(index)
    if reason is None:
        return TAKEN
    return Refused(reason, _record(sent, answer=f"{answer.status} {reason}"))


TAKEN = Acknowledged()


def _record(sent: Packed, *, answer: str) -> str:
    return msgspec.json.encode({"sent": sent.object, "answer": answer}).decode()
