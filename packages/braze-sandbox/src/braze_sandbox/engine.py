"""The parts of one running sandbox, put together."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from braze_sandbox.clock import Clock
from braze_sandbox.currents.emitter import Emitter
from braze_sandbox.currents.events import canvas_event, message_events
from braze_sandbox.currents.written import written_events
from braze_sandbox.faults import Faults
from braze_sandbox.journal import Journal
from braze_sandbox.limits.limiter import Limiter
from braze_sandbox.limits.policy import check_limits
from braze_sandbox.model.canvas import Canvas
from braze_sandbox.model.deed import Event
from braze_sandbox.model.profile import Profile
from braze_sandbox.processing import Processing
from braze_sandbox.schedules import Schedules
from braze_sandbox.segment_export import SegmentExports
from braze_sandbox.segments.asking import Asking
from braze_sandbox.settings import Settings, change_settings
from braze_sandbox.store.database import Database
from braze_sandbox.store.state import State
from braze_sandbox.store.workspace import Workspace
from braze_sandbox.track.writing import Writing
from braze_sandbox.webhooks.dispatch import Dispatch, Sent
from braze_sandbox.webhooks.firing import Firing
from braze_sandbox.webhooks.journeys import Journeys
from braze_sandbox.webhooks.reactions import react


class Engine:
    """State, limits, faults, journal, processing and webhooks under one set of settings."""

    def __init__(self, state: str | Path, *, settings: Settings, clock: Clock) -> None:
        check_limits(settings)
        self._true_clock = clock
        self.settings = settings
        clock = self.clock
        power = settings.durability == "power"
        self.state = State(Database(state, survive_power_cut=power))
        self.limiter = Limiter()
        self.faults = Faults(Random(settings.fault_seed))  # noqa: S311  # no secret
        self.journal = Journal(entries=settings.journal_entries, body_bytes=settings.journal_bytes)
        self.processing = Processing(self.state, clock=clock, settings=settings, react=self._react)
        self.dispatch = Dispatch(
            clock=clock, settings=settings, save=self.state.save, tell=self._tell_sent
        )
        self.currents = Emitter(self.dispatch.connections, clock=clock, settings=settings)
        self.exports = SegmentExports(self.dispatch.connections, clock=clock, settings=settings)
        self.firing = Firing(self.dispatch, clock=clock, settings=settings)
        self.journeys = Journeys(
            self.state, self.dispatch, clock=clock, ask=self.asking, tell=self._tell_moved
        )
        self.schedules = Schedules(self.state, clock=clock)

    def clock(self) -> datetime:
        """Return the time as the sandbox takes it, which may be ordered to be wrong."""
        return self._true_clock() + timedelta(seconds=self.settings.clock_skew_seconds)

    async def run(self) -> None:
        """Do what happens without requests: queue, Canvases, schedules, until it is cancelled."""
        async with asyncio.TaskGroup() as group:
            for part in (self.processing, self.journeys, self.schedules):
                group.create_task(part.run())

    def change_settings(self, changes: dict[str, Any]) -> Settings:
        """Apply changed settings at once; raise RefusedError (400) for an unfit value."""
        settings = change_settings(self.settings, changes)
        check_limits(settings)
        self.settings = settings
        self.processing.use(self.settings)
        self.firing.use(self.settings)
        self.dispatch.use(self.settings)
        self.currents.use(self.settings)
        self.exports.use(self.settings)
        return self.settings

    def asking(self, workspace: Workspace) -> Asking:
        """Return what segment filters are asked about."""
        return Asking(workspace, self.state.deeds, self.clock())

    async def settle(self) -> None:
        """Return once every message that set out has met its end; delays and lags are not met."""
        await self.firing.settle()
        await self.journeys.settle()
        await self.currents.settle()
        await self.exports.settle()

    def reset(self, *, definitions: bool) -> None:
        """Forget users, queue, journal, faults and activity; `definitions` adds campaigns."""
        self.state.reset(definitions=definitions)
        self.processing.forget()
        self.firing.forget()
        self.journeys.forget()
        self.dispatch.forget()
        self.currents.forget()
        self.limiter.clear()
        self.faults.clear()
        self.journal.clear()

    def _react(self, writing: Writing) -> None:
        """Let happen what follows from what users did."""
        events = [deed for deed in writing.deeds if isinstance(deed, Event)]
        if events:
            react(self.asking(writing.workspace), events, self.firing, self.journeys)
        if self.currents.is_heard(writing.workspace):
            self.currents.emit(writing.workspace, written_events(writing))

    def _tell_sent(self, workspace: Workspace, sent: Sent) -> None:
        """Note at the campaign that it was sent, and let Currents hear of it."""
        origin, activity = sent.origin, sent.activity
        campaign = workspace.campaigns.get(origin.campaign.id) if origin.campaign else None
        if campaign is not None and origin.is_kept and activity.outcome == "succeeded":
            first = campaign.first_sent or activity.at
            noted = msgspec.structs.replace(campaign, first_sent=first, last_sent=activity.at)
            self.state.put(workspace, noted)
        if self.currents.is_heard(workspace):
            events = message_events(sent.profile, origin, activity, sent.extras, sent.url)
            self.currents.emit(workspace, events)

    def _tell_moved(
        self, workspace: Workspace, profile: Profile, canvas: Canvas, what: str
    ) -> None:
        """Let Currents hear that a user entered a Canvas or left it."""
        if self.currents.is_heard(workspace):
            self.currents.emit(workspace, [canvas_event(what, profile, canvas, self.clock())])

    async def close(self) -> None:
        """Stop what runs and close the database."""
        await self.firing.close()
        await self.journeys.close()
        await self.currents.close()
        await self.exports.close()
        await self.dispatch.close()
        self.state.close()
