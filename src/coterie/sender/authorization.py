"""Sends all that is due with one authorization."""

import asyncio
import contextlib
import functools
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import timedelta

from coterie.connectors.destination import LIFE_SECONDS, Forms
from coterie.flow.exports.delivery import count_delivery, plan_shipments
from coterie.flow.exports.draft import Draft
from coterie.flow.exports.hold import Hold
from coterie.flow.exports.outbox import Due
from coterie.flow.exports.requests import Request
from coterie.flow.exports.settle import DoubtPolicy, recipients_of
from coterie.model.delivery import (
    QUEUE_FORMS,
    Acknowledged,
    DestinationPlan,
    Load,
    Settlement,
)
from coterie.sender.chain import Chain, Settled
from coterie.sender.courier import Courier, Delivery
from coterie.sender.dependencies import SenderDependencies
from coterie.sender.parcels import Parcel, first_of_each_user
from coterie.sender.reports import Reporter
from coterie.sender.shelf import Shelf

AHEAD = timedelta(days=1)


# Transactions under way or waiting for their turn: while there are so many, the next is drafted and
# goes no further.
DRAFTED = 2


class AuthorizationSender:
    """The one sender of an authorization, as long as it has the hold.

    Turn by turn it reads what is due, writes down in one transaction what came of earlier requests
    and what leaves next, and lets that leave. The next turn reads while this one's transaction is
    under way, and requests go on all the time. A user never has two requests of a destination
    under way.
    """

    def __init__(
        self,
        deps: SenderDependencies,
        hold: Hold,
        make_courier: Callable[[], Courier],
        reporter: Reporter,
        *,
        forms: Forms,
    ) -> None:
        self._deps = deps
        self._hold = hold
        self._make_courier = make_courier
        self._reporter = reporter
        self._forms = forms
        self._couriers: dict[str, Courier] = {}
        self._shelves: dict[int, Shelf] = {}
        self._ended: list[tuple[Shelf, Delivery]] = []
        self._idle: list[tuple[Shelf, list[Settlement]]] = []
        self._under_way: set[asyncio.Task[None]] = set()
        self._news = asyncio.Event()
        self._chain = Chain(hold, on_end=self._news.set)
        self._deletion: int | None = None

    async def follow(self, plans: Sequence[DestinationPlan]) -> None:
        """Serve these destinations from now on; what a resumed job had kept back is due again.

        Raises `StoreUnavailableError`.
        """
        before = self._shelves
        self._shelves = {}
        for plan in plans:
            shelf = before.get(plan.id) or Shelf(plan, now=self._deps.monotonic())
            freed = shelf.plan.held - plan.held or shelf.plan.kept - plan.kept
            if plan.id not in before or freed:
                shelf.outdated |= shelf.busy
                await asyncio.to_thread(self._hold.unhold, plan.id)
            shelf.plan = plan
            shelf.restart()
            self._shelves[plan.id] = shelf
        deletions = [plan.id for plan in plans if plan.form == "deletion"]
        self._deletion = deletions[0] if deletions else None

    async def take_over(self) -> None:
        """Put in doubt what a sender before this one left under way.

        Raises `StoreUnavailableError` or `StoreConflictError`.
        """
        await asyncio.to_thread(
            self._hold.recover,
            seconds=self._deps.takeover_seconds,
            policy=self._policy(),
            now=self._deps.clock(),
        )

    async def cycle(self) -> bool:
        """Take one turn; return whether there was anything to do.

        Raises `StoreUnavailableError` or `HoldLostError`; then a new hold is needed.
        """
        self._news.clear()
        await self._conclude(most=DRAFTED)
        parcels: list[tuple[Shelf, Parcel]] = []
        for shelf in self._in_turn():
            shelf.ripe_at = None
            if shelf.plan.delivers:
                parcels += [(shelf, parcel) for parcel in await self._prepare(shelf)]
        worked = bool(parcels or self._ended or self._idle)
        if worked:
            await self._begin_writing(parcels)
        is_calm = not (worked or self._chain or self._under_way)
        plans = [shelf.plan for shelf in self._shelves.values()]
        await self._reporter.report(plans, at_once=is_calm)
        return worked

    async def rest(self, seconds: float) -> None:
        """Wait until a request ends, something is due, or for so long."""
        if not self._ended:
            ripe = [shelf.ripe_at for shelf in self._shelves.values() if shelf.ripe_at is not None]
            if ripe:
                seconds = max(0.0, min(seconds, min(ripe) - self._deps.monotonic()))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), seconds)

    def wake(self) -> None:
        """Let a rest end, because something may be due."""
        self._news.set()

    async def finish(self) -> None:
        """Wait for what is under way, write it down, and report what has not been reported."""
        while self._chain or self._under_way or self._ended or self._idle:
            await self._conclude(most=0)
            while self._under_way:
                await asyncio.wait(self._under_way)
            if self._ended or self._idle:
                await self._begin_writing([])
        plans = [shelf.plan for shelf in self._shelves.values()]
        await self._reporter.report(plans, at_once=True)

    async def drop(self) -> None:
        """Let go of what is under way; whoever has the hold next finds it in doubt."""
        # What a transaction under way lets leave is let go of as well.
        await self._chain.drop()
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    def _policy(self) -> DoubtPolicy:
        repeats = {shelf.plan.id: shelf.plan.repeats for shelf in self._shelves.values()}
        targets = [self._forms.target(shelf.plan) for shelf in self._shelves.values()]
        life = max((target.life_seconds for target in targets), default=LIFE_SECONDS)
        return DoubtPolicy(repeats=repeats, life=timedelta(seconds=life))

    def _in_turn(self) -> list[Shelf]:
        # The first of a turn is the last of the next, so that no destination starves another.
        shelves = list(self._shelves.values())
        if len(shelves) > 1:
            first = shelves[0].plan.id
            self._shelves[first] = self._shelves.pop(first)
        return shelves

    def _courier(self, plan: DestinationPlan) -> Courier:
        lane = self._forms.target(plan).lane
        courier = self._couriers.get(lane)
        if courier is None:
            courier = self._couriers[lane] = self._make_courier()
        return courier

    def _flush_seconds(self, plan: DestinationPlan) -> float:
        seconds = self._forms.target(plan).flush_seconds
        return self._deps.flush_seconds if seconds is None else seconds

    async def _prepare(self, shelf: Shelf) -> list[Parcel]:
        """Return parcels that may leave now."""
        plan, courier = shelf.plan, self._courier(shelf.plan)
        room = courier.room()
        if not room:
            shelf.restart()
            return []
        most = self._forms.target(plan).most
        loads, at_end = await self._take(shelf, limit=room * most, ahead=courier.is_cautious)
        packing = shelf.pack(
            loads,
            at_end=at_end,
            now=self._deps.monotonic(),
            flush_seconds=self._flush_seconds(plan),
            forms=self._forms,
        )
        if packing.idle:
            settled = [Settlement(load, Acknowledged()) for load in packing.idle]
            self._idle.append((shelf, settled))
            shelf.busy |= recipients_of(packing.idle)
        parcels = packing.parcels[:room]
        for parcel in parcels:
            shelf.busy |= parcel.users
        courier.promise(len(parcels))
        return parcels

    async def _take(self, shelf: Shelf, *, limit: int, ahead: bool) -> tuple[list[Load], bool]:
        """Return due loads and whether a parcel that they do not fill may leave in time."""
        plan = shelf.plan
        # The breaker says when a dead destination is tried again, whatever the rows' own back-off.
        clock = self._deps.clock()
        now = clock + (AHEAD if ahead else timedelta())
        if self._deps.monotonic() >= shelf.from_start_at:
            # What changed lately stands before what waits after a failure, so it is looked for
            # again and again, however long the backlog.
            shelf.restart()
            shelf.from_start_at = self._deps.monotonic() + max(self._flush_seconds(plan), 0.5)
            await asyncio.to_thread(self._hold.wake, plan.id, now=clock)
        if plan.form in QUEUE_FORMS and plan.held:
            # Its job is paused, or it is quiet: all that waits there waits on.
            return [], True
        if plan.form in QUEUE_FORMS:
            items, shelf.queue_position = await asyncio.to_thread(
                self._hold.take_items,
                plan.id,
                limit=limit,
                now=now,
                busy=frozenset(shelf.busy),
                after=shelf.queue_position,
            )
            most = self._forms.target(plan).most
            return list(first_of_each_user(items, most=most)), shelf.queue_position == 0
        due = Due(
            limit=limit,
            now=now,
            clock=clock,
            # As it is before the read, which may not see yet what settles meanwhile.
            busy=frozenset(self._busy(shelf)),
            deletion=self._deletion,
            calm=timedelta(seconds=self._deps.calm_seconds),
            life=self._policy().life,
        )
        taken = await asyncio.to_thread(shelf.waiting.take, self._hold, plan.id, due)
        # An operation on an array costs the same however many values it names.
        is_whole = plan.form == "array"
        one_item = self._forms.target(plan).one_item
        shipments = plan_shipments(
            taken.rows, held=plan.held, kept=plan.kept, is_whole=is_whole, one_item=one_item
        )
        # What changes now leaves in time, however many wait behind it to fill the parcel.
        return list(shipments), taken.at_end or taken.live_at_end

    def _busy(self, shelf: Shelf) -> set[str]:
        """Return who must not be told now: a deletion and the rest exclude each other."""
        deletion = None if self._deletion is None else self._shelves.get(self._deletion)
        if deletion is None:
            return shelf.busy
        others = self._shelves.values() if shelf is deletion else (deletion,)
        return shelf.busy.union(*(other.busy for other in others))

    async def _begin_writing(self, parcels: list[tuple[Shelf, Parcel]]) -> None:
        """Draft a transaction while those before are under way, and let it follow them.

        Raises what went wrong with one of those.
        """
        settled = Settled(self._ended, self._idle)
        self._ended, self._idle = [], []
        numbers, draft = await asyncio.to_thread(self._draft, parcels, settled)
        await self._conclude(most=DRAFTED - 1)
        leaving = list(zip(numbers, parcels, strict=True))
        self._chain.begin(draft, functools.partial(self._leave, leaving, settled))

    async def _conclude(self, *, most: int) -> None:
        """Count what came of transactions that are over, and wait until at most so many are not.

        Raises what went wrong with one.
        """
        for settled in await self._chain.conclude(most=most):
            for shelf, settlements in settled.idle:
                self._count(shelf, settlements, requests=0)
            await self._judge(settled.ended)

    async def _leave(
        self,
        leaving: list[tuple[int, tuple[Shelf, Parcel]]],
        settled: Settled,
        commit: Awaitable[frozenset[int]],
    ) -> Settled:
        """Let go what a transaction wrote down: what leaves now, and whom it settled."""
        gone = await commit
        for number, (shelf, parcel) in leaving:
            if number in gone:
                self._put_back(shelf, parcel)
                continue
            task = asyncio.create_task(self._carry(shelf, parcel, number))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        for shelf, delivery in settled.ended:
            await self._free(shelf, delivery.users)
        for shelf, settlements in settled.idle:
            users = recipients_of([settlement.load for settlement in settlements])
            await self._free(shelf, users)
        return settled

    async def _free(self, shelf: Shelf, users: Collection[str]) -> None:
        """Let users be read again, and what is written of them as kept back although it is free."""
        if shelf.free(users):
            await asyncio.to_thread(self._hold.unhold, shelf.plan.id)

    def _draft(
        self, parcels: list[tuple[Shelf, Parcel]], settled: Settled
    ) -> tuple[list[int], Draft]:
        numbers = self._hold.numbers(len(parcels))
        draft = Draft(
            [
                Request(id=number, destination=shelf.plan.id, loads=parcel.loads)
                for number, (shelf, parcel) in zip(numbers, parcels, strict=True)
            ],
            [delivery.ended for _, delivery in settled.ended],
            idle=[one for _, settlements in settled.idle for one in settlements],
            policy=self._policy(),
            deletion=self._deletion,
            now=self._deps.clock(),
        )
        return numbers, draft

    def _put_back(self, shelf: Shelf, parcel: Parcel) -> None:
        """Have what a parcel carries read again: something of it is not to be sent any more."""
        self._courier(shelf.plan).take_back()
        shelf.free(parcel.users)
        shelf.queue_position = 0

    def _count(self, shelf: Shelf, settlements: Sequence[Settlement], *, requests: int) -> None:
        count = count_delivery(
            shelf.plan,
            settlements,
            requests=requests,
            points_of=self._forms.data_points,
            told_of=self._forms.told,
        )
        self._reporter.add(shelf.plan.id, count)

    async def _carry(self, shelf: Shelf, parcel: Parcel, number: int) -> None:
        courier = self._courier(shelf.plan)
        delivery = await courier.carry(parcel, number=number)
        self._ended.append((shelf, delivery))
        self._news.set()

    async def _judge(self, ended: list[tuple[Shelf, Delivery]]) -> None:
        plans = [shelf.plan for shelf in self._shelves.values()]
        recovered = answered = False
        for shelf, delivery in ended:
            self._count(shelf, delivery.ended.settlements, requests=delivery.requests)
            if delivery.trouble:
                await self._reporter.tell_trouble(plans, detail=delivery.trouble)
            if delivery.answered:
                answered = True
                recovered = self._courier(shelf.plan).note_success() or recovered
        if recovered:
            for destination in self._shelves:
                await asyncio.to_thread(self._hold.hurry, destination)
        if answered and not self._has_dead_lane():
            await self._reporter.tell_success(plans)

    def _has_dead_lane(self) -> bool:
        """Answer whether some endpoint in use refuses to work, whatever the others do."""
        lanes = {self._forms.target(shelf.plan).lane for shelf in self._shelves.values()}
        return any(self._couriers[lane].is_cautious for lane in lanes & self._couriers.keys())
