"""The way of an accepted body to the users: at once, or later from the queue."""

import asyncio
from collections import deque
from datetime import datetime, timedelta
from typing import Any

import msgspec

from braze_sandbox.clock import Clock
from braze_sandbox.errors import RefusedError
from braze_sandbox.model.notice import Notice
from braze_sandbox.settings import Settings
from braze_sandbox.store.state import Queued, State
from braze_sandbox.store.workspace import Workspace
from braze_sandbox.track.process import process_track
from braze_sandbox.track.request import TrackRequest, read_track


class Processing:
    """Applies accepted requests in order, after the settings' lag.

    A body that has to wait is in the database before it is answered, so it survives SIGKILL.
    """

    def __init__(self, state: State, *, clock: Clock, settings: Settings) -> None:
        self._state = state
        self._clock = clock
        self._settings = settings
        self._waiting: deque[Queued] = deque(state.queue())
        self._wake = asyncio.Event()
        self.notices: deque[Notice] = deque(maxlen=settings.journal_entries)

    def use(self, settings: Settings) -> None:
        """Take over changed settings."""
        self._settings = settings
        self._wake.set()

    def depth(self) -> int:
        """Return how many accepted bodies wait."""
        return len(self._waiting)

    def accept(
        self, workspace: Workspace, request: TrackRequest, *, key_name: str, body: bytes
    ) -> None:
        """Process `request`, or keep its `body` for later.

        Nothing overtakes: as long as something waits, what comes later waits too.
        """
        now = self._clock()
        settings = self._settings
        if settings.processing_lag_seconds or settings.maintenance or self._waiting:
            self._waiting.append(
                self._state.enqueue(workspace, key_name=key_name, accepted_at=now, body=body)
            )
            self._wake.set()
            return
        self._apply(workspace, request, key_name=key_name, now=now)
        self._state.save(workspace)

    def drain(self) -> int:
        """Process all that waits, whatever the lag; return how many bodies that were."""
        count = len(self._waiting)
        while self._waiting:
            self._process_first()
        return count

    def forget(self) -> None:
        """Drop what waits with the notices."""
        self._waiting.clear()
        self.notices.clear()

    async def run(self) -> None:
        """Process what is due, for ever."""
        while True:
            self._wake.clear()
            pause = self._process_next()
            try:
                await asyncio.wait_for(self._wake.wait(), pause)
            except TimeoutError:
                continue

    def _process_next(self) -> float | None:
        """Process one body if it is due; return the seconds until the next, None for no end."""
        settings = self._settings
        if not self._waiting or settings.maintenance:
            return None
        lag = timedelta(seconds=settings.processing_lag_seconds)
        remaining = self._waiting[0].accepted_at + lag - self._clock()
        if remaining > timedelta(0):
            return remaining.total_seconds()
        self._process_first()
        return 0.0

    def _process_first(self) -> None:
        queued = self._waiting.popleft()
        workspace = self._state.workspace(queued.workspace)
        request = self._reread(queued)
        if request is not None:
            now = self._clock()
            self._apply(workspace, request, key_name=queued.key_name, now=now)
        self._state.save(workspace, done=queued)

    def _reread(self, queued: Queued) -> TrackRequest | None:
        body: Any = msgspec.json.decode(queued.body)
        try:
            return read_track(body, self._settings)
        except RefusedError:
            # It was accepted under settings that have changed since; Braze would not tell either.
            return None

    def _apply(
        self, workspace: Workspace, request: TrackRequest, *, key_name: str, now: datetime
    ) -> None:
        notices = process_track(
            workspace, request, settings=self._settings, now=now, key_name=key_name
        )
        self.notices.extend(notices)
