"""A sandbox that serves, for use inside a program."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Self

from aiohttp import web

from braze_sandbox.auth.keys import make_key
from braze_sandbox.clock import Clock, system_clock
from braze_sandbox.engine import Engine
from braze_sandbox.key_spec import read_key_spec
from braze_sandbox.server.application import build_application
from braze_sandbox.settings import Settings
from braze_sandbox.store.database import MEMORY, lock_state
from braze_sandbox.store.state import DEFAULT_WORKSPACE

_STOP_SECONDS = 0.5


class BrazeSandbox:
    """A running sandbox: where it listens, its engine, the keys given at start.

    `background` is the task that processes the queue; it ends early only by an error, such as a
    full disk.
    """

    def __init__(
        self, url: str, engine: Engine, keys: tuple[str, ...], background: asyncio.Task[None]
    ) -> None:
        self.url = url
        self.engine = engine
        self.keys = keys
        self.background = background

    @property
    def key(self) -> str:
        """The first of the keys given at start."""
        return self.keys[0]

    @classmethod
    @asynccontextmanager
    async def start(
        cls,
        *,
        state: str | Path = MEMORY,
        keys: Iterable[str] = ("sandbox-key",),
        settings: Settings | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Clock = system_clock,
    ) -> AsyncIterator[Self]:
        """Serve on `host` and `port` (0: any free one) until the block ends.

        `keys` are made with all permissions, or with those after a colon (`KEY:users.track`).
        Raise StateInUseError if another sandbox holds `state`.
        """
        lock = None if str(state) == MEMORY else lock_state(Path(state))
        try:
            engine = Engine(state, settings=settings or Settings(), clock=clock)
            try:
                secrets = _add_keys(engine, keys)
            except BaseException:
                await engine.close()
                raise
            async with _serving(engine, host, port) as (url, background):
                yield cls(url, engine, secrets, background)
        finally:
            if lock is not None:
                lock.close()


@asynccontextmanager
async def _serving(
    engine: Engine, host: str, port: int
) -> AsyncIterator[tuple[str, asyncio.Task[None]]]:
    runner = web.AppRunner(
        build_application(engine), access_log=None, shutdown_timeout=_STOP_SECONDS
    )
    await runner.setup()
    site = web.TCPSite(runner, host, port)
    await site.start()
    background = asyncio.create_task(engine.run())
    try:
        yield _url_of(runner, host), background
    finally:
        background.cancel()
        with suppress(asyncio.CancelledError):
            await background
        engine.faults.release()
        await runner.cleanup()
        await engine.close()


def _add_keys(engine: Engine, keys: Iterable[str]) -> tuple[str, ...]:
    specs = [read_key_spec(text) for text in keys]
    for spec in specs:
        engine.state.add_key(
            make_key(
                spec.secret,
                workspace=DEFAULT_WORKSPACE,
                now=engine.clock(),
                permissions=spec.permissions,
            )
        )
    return tuple(spec.secret for spec in specs)


def _url_of(runner: web.AppRunner, host: str) -> str:
    address: Any = runner.addresses[0]
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{address[1]}"
