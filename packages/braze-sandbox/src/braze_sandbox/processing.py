"""The way of an accepted body to the users: at once, or later from the queue."""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from braze_sandbox.bodies import decode_json
from braze_sandbox.clock import Clock
from braze_sandbox.errors import RefusedError
from braze_sandbox.model.notice import Notice
from braze_sandbox.operations import Job, create_ahead, make_job
from braze_sandbox.settings import Settings
from braze_sandbox.store.state import State
from braze_sandbox.store.waiting import Queued
from braze_sandbox.store.workspace import Workspace
from braze_sandbox.track.writing import Writing


class Processing:
    """Applies accepted requests in order, after the settings' lag.

    A body that has to wait is in the database before it is answered, so it survives SIGKILL.
    `react` is told what was written, once it is saved.
    """

    def __init__(
        self,
        state: State,
        *,
        clock: Clock,
        settings: Settings,
        react: Callable[[Writing], None],
    ) -> None:
        self._react = react
        self._state = state
        self._clock = clock
        self._settings = settings
        self._waiting: deque[Queued] = deque(state.waiting.all())
        self._wake = asyncio.Event()
        self.notices: deque[Notice] = deque(maxlen=settings.journal_entries)

    def use(self, settings: Settings) -> None:
        """Take over changed settings."""
        self._settings = settings
        self._wake.set()

    def depth(self) -> int:
        """Return how many accepted bodies wait."""
        return len(self._waiting)

    def accept(self, workspace: Workspace, job: Job, *, key_name: str, body: bytes) -> None:
        """Do `job`, or keep its `body` for later.

        Nothing overtakes: as long as something waits, what comes later waits too.
        """
        now = self._clock()
        settings = self._settings
        if settings.processing_lag_seconds or settings.maintenance or self._waiting:
            self._waiting.append(
                self._state.waiting.add(
                    workspace.id, job.kind, key_name=key_name, accepted_at=now, body=body
                )
            )
            self._wake.set()
            return
        self.apply(workspace, job, key_name=key_name)

    def apply(
        self, workspace: Workspace, job: Job, *, key_name: str, done: Queued | None = None
    ) -> Writing:
        """Do `job` now, past whatever waits, and return what was written.

        `done` leaves the queue in the same transaction.
        """
        writing = self._writing(workspace, key_name)
        try:
            job.work(writing)
        except RefusedError:
            # It was accepted under settings that have changed since; Braze would not tell either.
            writing.forget()
        self.notices.extend(writing.notices)
        self._state.save(workspace, done=done)
        self._react(writing)
        return writing

    def drain(self, kind: str | None = None) -> int:
        """Process all that waits, whatever the lag; return how many bodies that were.

        With `kind` only the requests for that operation, past the others: a recording shows that
        Braze deletes users before it has processed what was tracked earlier.
        """
        chosen = [queued for queued in self._waiting if kind in (None, queued.kind)]
        for queued in chosen:
            self._waiting.remove(queued)
            self._process(queued)
        return len(chosen)

    def create_ahead(self, most: int | None = None) -> int:
        """Make users that what waits will create, before anything is known of them.

        At most `most`, the oldest first; return how many. A recording shows users of Braze one by
        one while all that was said of them is still on the way.
        """
        created = 0
        for queued in self._waiting:
            left = None if most is None else most - created
            writing = self._writing(self._state.workspace(queued.workspace), queued.key_name)
            with suppress(RefusedError):
                data = decode_json(queued.body)
                created += create_ahead(queued.kind, data, writing, most=left)
            self._state.save(writing.workspace)
        return created

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

    def _writing(self, workspace: Workspace, key_name: str) -> Writing:
        return Writing(workspace, settings=self._settings, now=self._clock(), key_name=key_name)

    def _process_next(self) -> float | None:
        """Process one body if it is due; return the seconds until the next, None for no end."""
        settings = self._settings
        if not self._waiting or settings.maintenance:
            return None
        lag = timedelta(seconds=settings.processing_lag_seconds)
        remaining = self._waiting[0].accepted_at + lag - self._clock()
        if remaining > timedelta(0):
            return remaining.total_seconds()
        self._process(self._waiting.popleft())
        return 0.0

    def _process(self, queued: Queued) -> None:
        workspace = self._state.workspace(queued.workspace)
        job = make_job(queued.kind, decode_json(queued.body))
        self.apply(workspace, job, key_name=queued.key_name, done=queued)
