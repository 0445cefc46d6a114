"""The sending of Currents events, in batches, by the documented rules."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from http import HTTPStatus

import aiohttp
import msgspec

from braze_sandbox.clock import Clock
from braze_sandbox.currents.events import CurrentsEvent
from braze_sandbox.model.currents import Connector
from braze_sandbox.settings import Settings
from braze_sandbox.store.workspace import Workspace

_TIMEOUT_SECONDS = 30
_NO_ANSWER = 599
_DENIED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
# braze-docs, Currents for partners: how long events are kept for a server that fails, or refuses.
_KEPT_FOR_FAILING = timedelta(hours=24)
_KEPT_FOR_DENYING = timedelta(hours=48)


class Standing(msgspec.Struct):
    """How a connector does: events that wait, arrived and were dropped, and its last answer."""

    waiting: int = 0
    sent: int = 0
    dropped: int = 0
    requests: int = 0
    last_status: int | None = None


class _Outbox:
    def __init__(self, connector: Connector) -> None:
        self.connector = connector
        self.events: deque[tuple[datetime, CurrentsEvent]] = deque()
        self.standing = Standing()
        self.task: asyncio.Task[None] | None = None
        # How many events the next request holds, and for how many that is to stay so.
        self.size: int | None = None
        self.small = 0
        self.pauses = 0
        self.is_pausing = False


class Emitter:
    """Keeps an outbox for each connector; events stay there until their server took them.

    Outboxes live in memory: at least once holds while the sandbox runs.
    """

    def __init__(
        self, session: Callable[[], aiohttp.ClientSession], *, clock: Clock, settings: Settings
    ) -> None:
        self._session = session
        self._clock = clock
        self._settings = settings
        self._outboxes: dict[tuple[str, str], _Outbox] = {}

    def use(self, settings: Settings) -> None:
        """Take over changed settings."""
        self._settings = settings

    @staticmethod
    def is_heard(workspace: Workspace) -> bool:
        """Tell whether a workspace has a connector."""
        return bool(workspace.shelf(Connector))

    def emit(self, workspace: Workspace, events: Iterable[CurrentsEvent]) -> None:
        """Give events to every connector that wants their type."""
        batch, now = list(events), self._clock()
        for connector in workspace.shelf(Connector).values():
            outbox = self._outboxes.setdefault((workspace.id, connector.id), _Outbox(connector))
            outbox.connector = connector
            wanted = connector.events
            outbox.events += [(now, e) for e in batch if not wanted or e["event_type"] in wanted]
            if outbox.events and outbox.task is None:
                outbox.task = asyncio.create_task(self._empty(outbox))

    def standing(self, workspace: Workspace, connector: Connector) -> Standing:
        """Return how a connector does."""
        outbox = self._outboxes.get((workspace.id, connector.id))
        if outbox is None:
            return Standing()
        outbox.standing.waiting = len(outbox.events)
        return outbox.standing

    async def settle(self) -> None:
        """Return once every outbox is empty, or waits before it tries again."""
        while moving := [o.task for o in self._outboxes.values() if o.task and not o.is_pausing]:
            await asyncio.wait(moving, timeout=0.01)

    def forget(self) -> None:
        """Drop all events."""
        for outbox in self._outboxes.values():
            if outbox.task is not None:
                outbox.task.cancel()
        self._outboxes.clear()

    async def close(self) -> None:
        """Stop sending."""
        for outbox in self._outboxes.values():
            if outbox.task is not None:
                outbox.task.cancel()
                with suppress(asyncio.CancelledError):
                    await outbox.task

    async def _empty(self, outbox: _Outbox) -> None:
        try:
            while outbox.events:
                size = min(outbox.size or self._settings.currents_batch, len(outbox.events))
                status = await self._post(outbox, [outbox.events[n][1] for n in range(size)])
                await self._settle_batch(outbox, size, status)
        finally:
            outbox.task = None

    async def _settle_batch(self, outbox: _Outbox, size: int, status: int) -> None:
        """Do with the first `size` events what the answer asks for."""
        if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            self._take(outbox, size, arrived=True)
        elif status == HTTPStatus.BAD_REQUEST and size == 1:
            self._take(outbox, 1, arrived=False)
        elif status == HTTPStatus.BAD_REQUEST:
            # The events go one by one, and those that are refused again are dropped.
            outbox.size, outbox.small = 1, size
        elif status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE and size > 1:
            outbox.size, outbox.small = size // 2, size
        elif status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            self._take(outbox, 1, arrived=False)
        elif status in _DENIED:
            await self._pause(outbox, self._settings.currents_denied_seconds, _KEPT_FOR_DENYING)
        else:
            pause = self._settings.currents_retry_base_seconds * 2**outbox.pauses
            outbox.pauses = min(outbox.pauses + 1, 16)
            await self._pause(outbox, pause, _KEPT_FOR_FAILING)

    @staticmethod
    def _take(outbox: _Outbox, count: int, *, arrived: bool) -> None:
        for _ in range(count):
            outbox.events.popleft()
        if arrived:
            outbox.standing.sent += count
            outbox.pauses = 0
        else:
            outbox.standing.dropped += count
        outbox.small -= count
        if outbox.small <= 0:
            outbox.size = None

    async def _pause(self, outbox: _Outbox, seconds: float, kept: timedelta) -> None:
        outbox.is_pausing = True
        try:
            await asyncio.sleep(seconds)
        finally:
            outbox.is_pausing = False
        oldest = self._clock() - kept
        while outbox.events and outbox.events[0][0] < oldest:
            self._take(outbox, 1, arrived=False)

    async def _post(self, outbox: _Outbox, events: list[CurrentsEvent]) -> int:
        connector = outbox.connector
        headers = {"Content-Type": "application/json", "Braze-Currents-Version": "1"}
        if connector.token is not None:
            headers["Authorization"] = f"Bearer {connector.token}"
        outbox.standing.requests += 1
        try:
            async with self._session().post(
                connector.url,
                data=msgspec.json.encode({"events": events}),
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=_TIMEOUT_SECONDS),
            ) as answer:
                await answer.read()
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError):
            status = _NO_ANSWER
        outbox.standing.last_status = status
        return status
