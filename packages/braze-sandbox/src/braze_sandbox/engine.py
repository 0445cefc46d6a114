"""The parts of one running sandbox, put together."""

from pathlib import Path
from random import Random
from typing import Any

from braze_sandbox.clock import Clock
from braze_sandbox.faults import Faults
from braze_sandbox.journal import Journal
from braze_sandbox.limits.limiter import Limiter
from braze_sandbox.limits.policy import check_limits
from braze_sandbox.processing import Processing
from braze_sandbox.settings import Settings, change_settings
from braze_sandbox.store.database import Database
from braze_sandbox.store.state import State
from braze_sandbox.track.writing import Writing
from braze_sandbox.webhooks.firing import Firing


class Engine:
    """State, limits, faults, journal, processing and webhooks under one set of settings."""

    def __init__(self, state: str | Path, *, settings: Settings, clock: Clock) -> None:
        check_limits(settings)
        self.clock = clock
        self.settings = settings
        power = settings.durability == "power"
        self.state = State(Database(state, survive_power_cut=power))
        self.limiter = Limiter()
        self.faults = Faults(Random(settings.fault_seed))  # noqa: S311  # no secret
        self.journal = Journal(entries=settings.journal_entries, body_bytes=settings.journal_bytes)
        self.processing = Processing(self.state, clock=clock, settings=settings, react=self._react)
        self.firing = Firing(clock=clock, settings=settings)

    async def run(self) -> None:
        """Do what happens without requests: process the queue. Ends only by cancellation."""
        await self.processing.run()

    def change_settings(self, changes: dict[str, Any]) -> Settings:
        """Apply changed settings at once; raise RefusedError (400) for an unfit value."""
        settings = change_settings(self.settings, changes)
        check_limits(settings)
        self.settings = settings
        self.processing.use(self.settings)
        self.firing.use(self.settings)
        return self.settings

    def reset(self, *, definitions: bool) -> None:
        """Forget users, queue, journal, faults and activity; `definitions` adds campaigns."""
        self.state.reset(definitions=definitions)
        self.processing.forget()
        self.firing.forget()
        self.limiter.clear()
        self.faults.clear()
        self.journal.clear()

    def _react(self, writing: Writing) -> None:
        """Let happen what follows from what users did."""

    async def close(self) -> None:
        """Stop what runs and close the database."""
        await self.firing.close()
        self.state.close()
