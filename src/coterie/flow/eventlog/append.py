"""Group commit: many requests' events made durable by one transaction."""

import asyncio
import contextlib
import itertools
import time
from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Self

import structlog

from coterie.base.clock import Clock
from coterie.base.errors import CoterieError, UserError
from coterie.base.metrics import (
    collect_group_seconds,
    events_collected_total,
    events_refused_total,
)
from coterie.flow.eventlog.bulk import UnknownLaneError
from coterie.flow.eventlog.encode import copy_data, encode_events
from coterie.flow.eventlog.lanes import LINES, lane_numbers
from coterie.flow.eventlog.prepare import DAYS_LOCK, days_from
from coterie.flow.eventlog.queue import LogLimits, LogUnavailableError, Waiting, WaitingLine
from coterie.model.events import IncomingEvent
from coterie.store import (
    AsyncConnection,
    AsyncPool,
    Bell,
    DatabaseError,
    load_queries,
    ring_now,
)

ATTEMPTS = 3
CHECKOUT_SECONDS = 2.0
COMMIT_SECONDS = 10.0
# Under load workers have enough to do, and need not be woken for every group.
RING_DISTANCE_SECONDS = 0.02
# Encoding more than this would hold up the answers to other requests.
INLINE_EVENTS = 2_000
BROKEN = "its writer broke down; restart the server"

SQL = load_queries("eventlog")
log = structlog.get_logger(__name__)


class TokenRevokedError(UserError):
    """The token stopped holding between the door's look-up and the commit."""

    code = "token_revoked"

    def __init__(self) -> None:
        super().__init__(
            "The access token was revoked or has expired; nothing was stored. "
            "Create another one under Account > Access Tokens."
        )


class GroupCommit:
    """Appends events so that the sender is answered only after they are durable.

    Use it as an async context manager; leaving it writes what waits. A connection that is cut
    while a commit is under way leaves its outcome unknown; the sender is then told that the log
    was unavailable and sends again, and message ids keep such events from counting twice.
    """

    def __init__(
        self, pool: AsyncPool, *, lanes: Sequence[int], limits: LogLimits, clock: Clock
    ) -> None:
        self._pool = pool
        self._lanes = tuple(lanes)
        self._clock = clock
        self._limits = limits
        # A line for each committer, which has lanes of its own: events of one person go to the same
        # lanes, so that workers on different lanes seldom wait for each other's profiles.
        self._lines = tuple(WaitingLine(limits) for _ in range(min(LINES, len(self._lanes))))
        self._days: set[date] = set()
        self._committers: list[asyncio.Task[None]] = []
        self._written = asyncio.Event()
        self._ringer: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Make what must stand before the first event, then start."""
        async with self._pool.connection() as conn:
            await conn.execute(SQL.ensure_lanes, lane_numbers(max(self._lanes) + 1))
        await self._ensure_days(self._clock().date())
        for n, line in enumerate(self._lines):
            lanes = self._lanes[n :: len(self._lines)]
            commits = self._commit_groups(lanes, line)
            self._committers.append(asyncio.create_task(commits, name=f"log-committer-{n}"))
        self._ringer = asyncio.create_task(self._ring(), name="log-ringer")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Refuse new requests, write those that wait, and stop."""
        for line in self._lines:
            line.close(reason="the server is stopping")
        await asyncio.gather(*self._committers, return_exceptions=True)
        if self._ringer is not None:
            self._ringer.cancel()
            await asyncio.gather(self._ringer, return_exceptions=True)

    @property
    def is_running(self) -> bool:
        """Whether requests are taken."""
        return all(line.is_open for line in self._lines)

    @property
    def waiting(self) -> int:
        """How many requests wait for their group."""
        return sum(line.length for line in self._lines)

    async def submit(self, events: Sequence[IncomingEvent], *, token_id: int | None) -> None:
        """Return once `events` are durable in the log.

        Raises LogUnavailableError (their fate is unknown at worst; send again), TokenRevokedError
        (they were not written) or UnstorableEventError.
        """
        if len(events) <= INLINE_EVENTS:
            rows = encode_events(events)
        else:
            rows = await asyncio.to_thread(encode_events, events)
        for day in {event.received_at.date() for event in events} - self._days:
            await self._ensure_days(day)
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self.waiting >= self._limits.queue_requests:
            raise LogUnavailableError(reason="too many requests wait for it")
        line = self._lines[events[0].route % len(self._lines)]
        line.add(Waiting(rows, token_id=token_id, future=future))
        await future

    async def _commit_groups(self, lanes: Sequence[int], line: WaitingLine) -> None:
        try:
            for lane in itertools.cycle(lanes):
                group = await line.gather()
                if not group and not line.is_open:
                    return
                await self._settle(lane, group)
        finally:
            # With one committer broken nothing more is taken; the others write what waits.
            for each in self._lines:
                each.close(reason=BROKEN)
            line.fail_all(reason=BROKEN)

    async def _settle(self, lane: int, group: Sequence[Waiting]) -> None:
        reason = BROKEN
        try:
            self._answer(group, await self._write(lane, group))
            self._written.set()
        except (DatabaseError, CoterieError, OSError, TimeoutError) as error:
            log.warning("eventlog.group.failed", lane=lane, requests=len(group), error=_say(error))
            reason = "the database did not confirm the write"
        finally:
            # Whoever has an answer keeps it; nobody is left without one, whatever broke.
            for waiting in group:
                if not waiting.future.done():
                    waiting.fail(LogUnavailableError(reason=reason))

    async def _ring(self) -> None:
        """Wake the workers after groups were written; a ring that fails costs them a short wait."""
        while True:
            await self._written.wait()
            self._written.clear()
            with contextlib.suppress(DatabaseError):
                async with self._pool.connection(timeout=CHECKOUT_SECONDS) as conn:
                    await ring_now(conn, Bell.EVENTS)
            await asyncio.sleep(RING_DISTANCE_SECONDS)

    def _answer(self, group: Sequence[Waiting], valid: frozenset[int]) -> None:
        collect_group_seconds.observe(time.perf_counter() - group[0].arrived)
        written = 0
        for waiting in group:
            if _is_allowed(waiting, valid):
                written += len(waiting.rows)
                waiting.succeed()
            else:
                events_refused_total.labels(TokenRevokedError.code).inc(len(waiting.rows))
                waiting.fail(TokenRevokedError())
        events_collected_total.inc(written)

    async def _write(self, lane: int, group: Sequence[Waiting]) -> frozenset[int]:
        """Write the group durably and return its tokens that hold.

        Until the commit is sent a failure is certain, so that a connection which a restart of the
        database has cut costs nobody an error: another one is tried.
        """
        for attempt in range(1, ATTEMPTS + 1):
            is_certain = True
            try:
                async with (
                    asyncio.timeout(COMMIT_SECONDS),
                    self._pool.connection(timeout=CHECKOUT_SECONDS) as conn,
                    conn.transaction(),
                ):
                    valid = await self._copy(conn, lane, group)
                    is_certain = False
            except DatabaseError:
                if attempt == ATTEMPTS or not is_certain:
                    raise
            else:
                return valid
        raise AssertionError(ATTEMPTS)

    async def _copy(
        self, conn: AsyncConnection, lane: int, group: Sequence[Waiting]
    ) -> frozenset[int]:
        asked: Counter[int] = Counter()
        free = 0
        for waiting in group:
            if waiting.token_id is None:
                free += len(waiting.rows)
            else:
                asked[waiting.token_id] += len(waiting.rows)
        begun = await conn.execute(
            SQL.begin_group,
            {
                "lane": lane,
                "token_ids": list(asked),
                "token_events": list(asked.values()),
                "free_events": free,
                "now": self._clock(),
            },
        )
        head = await begun.fetchone()
        if head is None:
            raise UnknownLaneError(lane=lane)
        valid = frozenset(head[1])
        rows = [row for waiting in group if _is_allowed(waiting, valid) for row in waiting.rows]
        if rows:
            async with begun.copy(SQL.copy_events) as copy:
                await copy.write(copy_data(lane, head[0] - len(rows) + 1, rows))
        return valid

    async def _ensure_days(self, today: date) -> None:
        try:
            async with self._pool.connection(timeout=CHECKOUT_SECONDS) as conn:
                days = days_from(today)
                missing = await conn.execute(SQL.missing_days, {"days": days})
                if await missing.fetchone() is not None:
                    await conn.execute(SQL.lock_days, {"lock": DAYS_LOCK})
                    await conn.execute(SQL.create_days, {"days": days})
        except DatabaseError as error:
            raise LogUnavailableError(reason="the day's partition is missing") from error
        self._days.update(days)


def _is_allowed(waiting: Waiting, valid: frozenset[int]) -> bool:
    return waiting.token_id is None or waiting.token_id in valid


def _say(error: BaseException) -> str:
    # The first line of a database's message; details may quote rows.
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
