"""The parts of the API that live as long as the server runs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from coterie.api.collect import CollectDoor
from coterie.api.dependencies import ApiDependencies
from coterie.api.tokens import TokenDesk
from coterie.api.turnstile import Turnstile
from coterie.flow.eventlog.queue import LogUnavailableError
from coterie.flow.run.collect import Collector


class ApiState:
    """What handlers share: the dependencies, the tokens, and the collector while it is open."""

    def __init__(self, dependencies: ApiDependencies) -> None:
        self.dependencies = dependencies
        self.tokens = TokenDesk(
            check=dependencies.check_token,
            touch=dependencies.touch_tokens,
            clock=dependencies.clock,
        )
        self.door = CollectDoor(self.tokens, dependencies.collect)
        self.turnstile = Turnstile(
            per_second=dependencies.entities.public_rate, clock=dependencies.clock
        )
        self._collector: Collector | None = None

    @property
    def collector(self) -> Collector:
        """The open collector. Raises LogUnavailableError while there is none."""
        if self._collector is None:
            raise LogUnavailableError(reason="the server starts or stops")
        return self._collector

    @asynccontextmanager
    async def lifespan(self, _: Any) -> AsyncIterator[None]:
        """Open the collector for as long as the application runs; close what reads opened."""
        async with self.tokens, self.dependencies.open_collector() as collector:
            self._collector = collector
            self.door.open(collector)
            try:
                yield
            finally:
                self.door.open(None)
                self._collector = None
                await self.dependencies.entities.close()
