"""The sends that wait for their time."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

from braze_sandbox.clock import Clock
from braze_sandbox.errors import RefusedError
from braze_sandbox.model.schedule import Schedule
from braze_sandbox.store.state import State
from braze_sandbox.store.workspace import Workspace
from braze_sandbox.times import parse_time

Send = Callable[[Workspace, Schedule], None]


class BadScheduleError(RefusedError):
    """A time that cannot be read, or has passed."""

    def __init__(self, message: str) -> None:
        super().__init__(400, message)


class UnknownScheduleError(RefusedError):
    """No schedule has this id; the wording is ours."""

    def __init__(self) -> None:
        super().__init__(400, "schedule_id must be the identifier of a scheduled message")


def read_due(body: Any, *, now: datetime) -> datetime:
    """Return when a decoded body wants to be sent; raise BadScheduleError (400).

    A time that has passed is now. `in_local_time` and `at_optimal_time` are read as the time
    itself: users of the sandbox have no habits.
    """
    schedule = body.get("schedule") if isinstance(body, dict) else None
    time = schedule.get("time") if isinstance(schedule, dict) else None
    due = parse_time(time) if isinstance(time, str) else None
    if due is None:
        raise BadScheduleError("Bad Request: send_at: cannot parse send_at datetime")
    return max(due, now)


class Schedules:
    """Does each send when its time has come; what waits survives a restart.

    Nothing is sent before `send_with` says how.
    """

    def __init__(self, state: State, *, clock: Clock) -> None:
        self._state = state
        self._clock = clock
        self._send: Send | None = None
        self._wake = asyncio.Event()

    def send_with(self, send: Send) -> None:
        """Send with this function from now on."""
        self._send = send
        self._wake.set()

    def add(self, workspace: Workspace, schedule: Schedule) -> None:
        """Let a send wait."""
        self._state.put(workspace, schedule)
        self._wake.set()

    def remove(self, workspace: Workspace, schedule_id: str) -> None:
        """Forget a send; raise UnknownScheduleError (400)."""
        if not self._state.remove(workspace, Schedule, schedule_id):
            raise UnknownScheduleError

    def do_due(self, *, all_of_them: bool = False) -> int:
        """Do the sends whose time has come, or all that wait; return how many."""
        now, done, send = self._clock(), 0, self._send
        if send is None:
            return 0
        for workspace in self._state.workspaces.values():
            for schedule in list(workspace.shelf(Schedule).values()):
                if all_of_them or schedule.due <= now:
                    self._state.remove(workspace, Schedule, schedule.id)
                    # What it names may be gone by now; Braze would not tell either.
                    with suppress(RefusedError):
                        send(workspace, schedule)
                    done += 1
        return done

    async def run(self) -> None:
        """Do what is due, for ever."""
        while True:
            self._wake.clear()
            self.do_due()
            dues = [
                schedule.due
                for workspace in self._state.workspaces.values()
                for schedule in workspace.shelf(Schedule).values()
            ]
            left = min(dues) - self._clock() if dues and self._send else None
            pause = None if left is None else max(left.total_seconds(), 0.0)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), pause)
