"""The ways of users through Canvases."""

import asyncio
import heapq
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import msgspec

from braze_sandbox.clock import Clock
from braze_sandbox.errors import RefusedError
from braze_sandbox.ids import new_dispatch_id, new_id
from braze_sandbox.model.canvas import Canvas, DelayStep, Journey, MessageStep
from braze_sandbox.model.content_block import ContentBlock
from braze_sandbox.model.mail import Occasion, Origin
from braze_sandbox.model.profile import Profile
from braze_sandbox.segments.asking import Asking
from braze_sandbox.segments.members import find_members, read_filter, resolve_filter
from braze_sandbox.store.state import State
from braze_sandbox.store.workspace import Workspace
from braze_sandbox.webhooks.dispatch import Dispatch, Mail
from braze_sandbox.webhooks.firing import Recipient
from braze_sandbox.webhooks.message import MessageTemplate
from braze_sandbox.webhooks.receipts import note_entered

# Of more journeys than these the oldest that ended are forgotten.
_REMEMBERED = 100_000
# Hears that a user entered (`Entry`), or left because of what it did or is (`exit.…`).
Tell = Callable[[Workspace, Profile, Canvas, str], None]


class Journeys:
    """Moves users from step to step; a journey that waits survives a restart.

    `ask` gives what filters are asked about, `tell` hears of entries and exits.
    """

    def __init__(
        self,
        state: State,
        dispatch: Dispatch,
        *,
        clock: Clock,
        ask: Callable[[Workspace], Asking],
        tell: Tell,
    ) -> None:
        self._state = state
        self._dispatch = dispatch
        self._clock = clock
        self._ask = ask
        self._tell = tell
        self._waiting: list[tuple[datetime, str, str]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        for workspace in state.workspaces.values():
            for journey in workspace.shelf(Journey).values():
                if journey.state == "on_the_way":
                    self._wait(workspace, journey, journey.due or journey.entered_at)

    def launch(self, workspace: Workspace, canvas: Canvas) -> list[Journey]:
        """Let every member of the Canvas's segment enter."""
        asking = self._ask(workspace)
        condition = resolve_filter(asking, canvas.segment_id, canvas.filter)
        members = [Recipient(profile) for profile in find_members(asking, condition)]
        return self.enter(workspace, canvas, members)[1]

    def enter(
        self, workspace: Workspace, canvas: Canvas, recipients: Iterable[Recipient]
    ) -> tuple[str, list[Journey]]:
        """Let users enter; return the dispatch id and the journeys that began.

        Who is in the global control group, or was there before and may not enter again, does not.
        """
        dispatch_id, now = new_dispatch_id(), self._clock()
        began: list[Journey] = []
        for recipient in recipients:
            # An entry into another Canvas may have changed the user since it was named.
            named = recipient.profile
            profile = workspace.profiles.find(named.braze_id) or named
            before = profile.canvases.get(canvas.id)
            again = before is not None and before.last_entered is not None
            if not self._dispatch.may_receive(profile) or (again and not canvas.reenter):
                continue
            journey = Journey(
                id=new_id(),
                canvas_id=canvas.id,
                braze_id=profile.braze_id,
                dispatch_id=dispatch_id,
                context=recipient.occasion.context,
                event_properties=recipient.occasion.event_properties,
                entered_at=now,
            )
            began.append(self._state.put(workspace, journey))
            workspace.put(note_entered(profile, canvas, now=now))
            self._tell(workspace, profile, canvas, "Entry")
        if began:
            self._state.save(workspace)
            first = canvas.first_entry or now
            entered = msgspec.structs.replace(canvas, first_entry=first, last_entry=now)
            self._state.put(workspace, entered)
        for journey in began:
            self._go(workspace, journey)
        return dispatch_id, began

    def leave(self, workspace: Workspace, profile: Profile, canvas: Canvas) -> None:
        """End a user's journeys through a Canvas because of what it did."""
        for journey in list(workspace.shelf(Journey).values()):
            mine = journey.braze_id == profile.braze_id and journey.canvas_id == canvas.id
            if mine and journey.state == "on_the_way":
                self._end(workspace, journey, "exited")
                self._tell(workspace, profile, canvas, "exit.PerformedEvent")

    def hurry(self, workspace: Workspace, canvas_id: str) -> int:
        """Let all who wait in a Canvas go on now; return how many waited."""
        waiting = [entry for entry in self._waiting if self._is_of(entry, workspace, canvas_id)]
        self._waiting = [entry for entry in self._waiting if entry not in waiting]
        heapq.heapify(self._waiting)
        for _, _, journey_id in waiting:
            self._resume(workspace, journey_id)
        return len(waiting)

    async def settle(self) -> None:
        """Return once no journey moves: each has ended or waits."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def run(self) -> None:
        """Let journeys go on when their time has come, for ever."""
        while True:
            self._wake.clear()
            now = self._clock()
            while self._waiting and self._waiting[0][0] <= now:
                _, workspace_id, journey_id = heapq.heappop(self._waiting)
                workspace = self._state.workspaces.get(workspace_id)
                if workspace is not None:
                    self._resume(workspace, journey_id)
            pause = (self._waiting[0][0] - now).total_seconds() if self._waiting else None
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), pause)

    def forget(self) -> None:
        """Stop all journeys; those on the shelf are dropped by the caller."""
        for task in self._tasks:
            task.cancel()
        self._waiting.clear()

    async def close(self) -> None:
        """Stop what moves; what waits goes on after a restart."""
        for task in list(self._tasks):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def _is_of(
        self, entry: tuple[datetime, str, str], workspace: Workspace, canvas_id: str
    ) -> bool:
        journey = workspace.shelf(Journey).get(entry[2])
        return entry[1] == workspace.id and journey is not None and journey.canvas_id == canvas_id

    def _resume(self, workspace: Workspace, journey_id: str) -> None:
        journey = workspace.shelf(Journey).get(journey_id)
        if journey is not None and journey.state == "on_the_way":
            past = journey.step + (journey.due is not None)
            self._go(workspace, msgspec.structs.replace(journey, step=past, due=None))

    def _go(self, workspace: Workspace, journey: Journey) -> None:
        task = asyncio.create_task(self._move(workspace, journey))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _move(self, workspace: Workspace, journey: Journey) -> None:
        while True:
            canvas = workspace.shelf(Canvas).get(journey.canvas_id)
            profile = workspace.profiles.find(journey.braze_id)
            current = workspace.shelf(Journey).get(journey.id)
            if current is None or current.state != "on_the_way":
                return
            if canvas is None or profile is None:
                self._end(workspace, journey, "exited")
                return
            if self._is_out(workspace, canvas, profile):
                self._end(workspace, journey, "exited")
                self._tell(workspace, profile, canvas, "exit.MatchedAudience")
                return
            if journey.step >= len(canvas.steps):
                self._end(workspace, journey, "finished")
                return
            step = canvas.steps[journey.step]
            if isinstance(step, DelayStep):
                due = self._clock() + timedelta(seconds=step.seconds)
                self._state.put(workspace, msgspec.structs.replace(journey, due=due))
                self._wait(workspace, journey, due)
                return
            await self._send(workspace, canvas, step, journey, profile)
            journey = msgspec.structs.replace(journey, step=journey.step + 1)
            # It may have been ended, or forgotten, while the message was on its way.
            current = workspace.shelf(Journey).get(journey.id)
            if current is None or current.state != "on_the_way":
                return
            self._state.put(workspace, journey)

    async def _send(
        self,
        workspace: Workspace,
        canvas: Canvas,
        step: MessageStep,
        journey: Journey,
        profile: Profile,
    ) -> None:
        try:
            template = MessageTemplate(step.webhook, workspace.shelf(ContentBlock))
        except RefusedError:
            return  # A content block is gone, so there is no message; users go on.
        origin = Origin(dispatch_id=journey.dispatch_id, canvas=canvas, step=step)
        occasion = Occasion(context=journey.context, event_properties=journey.event_properties)
        await self._dispatch.send(workspace, Mail(template, origin), profile, occasion)

    def _is_out(self, workspace: Workspace, canvas: Canvas, profile: Profile) -> bool:
        exit_filter: dict[str, Any] | None = canvas.exit_filter
        if exit_filter is None:
            return False
        try:
            return read_filter(exit_filter, self._ask(workspace))(profile)
        except RefusedError:
            return False  # It names a segment that is gone.

    def _wait(self, workspace: Workspace, journey: Journey, due: datetime) -> None:
        heapq.heappush(self._waiting, (due, workspace.id, journey.id))
        self._wake.set()

    def _end(self, workspace: Workspace, journey: Journey, state: Any) -> None:
        self._state.put(workspace, msgspec.structs.replace(journey, state=state, due=None))
        shelf = workspace.shelf(Journey)
        if len(shelf) > _REMEMBERED:
            oldest = next((j for j in shelf.values() if j.state != "on_the_way"), None)
            if oldest is not None:
                self._state.remove(workspace, Journey, oldest.id)
