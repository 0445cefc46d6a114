"""Runs one role of the product in this process, until it is asked to stop.

What a role is made of is imported when it runs: the others, and `coterie up` beside them, need
neither the time nor the memory.
"""

import asyncio
import gc
import threading
from collections.abc import Callable, Coroutine
from typing import Literal, get_args

import uvloop

from coterie.app.services import Services, config_source
from coterie.base.settings import Settings

RoleName = Literal["web", "worker", "jobs", "sender", "sftp"]
ROLES: tuple[str, ...] = get_args(RoleName)
GC_ALLOCATIONS = 500_000
# What `coterie serve --role sftp` listens on if no port is set.
SFTP_PORT = 2022


def serve_web(settings: Settings) -> None:
    """Serve HTTP with granian until SIGTERM or SIGINT."""
    from granian.constants import Interfaces, Loops
    from granian.log import LogLevels
    from granian.server import Server

    Server(
        "coterie.app.web:create_app",
        factory=True,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        loop=Loops.uvloop,
        workers=1,
        log_access=False,
        log_level=LogLevels.warning,
        websockets=False,
        workers_kill_timeout=int(settings.drain_seconds) or 1,
        respawn_failed_workers=True,
    ).serve()


def work(services: Services, stop: threading.Event) -> None:
    """Process the event log."""
    from coterie.worker.loop import WorkerDependencies, run_worker

    spare_the_collector()
    deps = WorkerDependencies(
        services.store,
        config_source(),
        services.clock,
        services.batch_settings,
        services.settings.batch_wait_ms / 1_000,
        services.settings.bulk_share_percent / 100,
    )
    run_worker(deps, stop)


def run_due_jobs(services: Services, stop: threading.Event) -> None:
    """Run jobs; build audiences and keep house beside them, on a thread of its own."""
    from coterie.flow.run.context import Contexts
    from coterie.flow.run.names import Names
    from coterie.worker.dependencies import Bench
    from coterie.worker.housekeeping import keep_house
    from coterie.worker.jobs import run_jobs

    def bench() -> Bench:
        # Compiled configurations belong to one thread.
        batch = services.batch_settings
        contexts = Contexts(config_source(), Names(batch.hash_key), batch.bounds)
        return Bench(services.settings, services.clock, services.ring, services.store, contexts)

    house = threading.Thread(target=keep_house, args=(bench(), stop), name="housekeeping")
    house.start()
    try:
        run_jobs(bench(), stop)
    finally:
        stop.set()
        house.join()


def send(services: Services, stop: threading.Event) -> None:
    """Deliver what the outbox holds."""
    from coterie.flow.exports.desk import DeliveryDesk
    from coterie.sender.dependencies import SenderDependencies
    from coterie.sender.loop import run_sender

    deps = SenderDependencies(
        desk=DeliveryDesk(services.store),
        ring=services.ring,
        allow_private_addresses=services.settings.allow_private_addresses,
        flush_seconds=services.settings.flush_seconds,
        clock=services.clock,
    )

    run_sending(lambda: _until(stop, lambda ending: run_sender(deps, ending)))


def serve_sftp(services: Services, stop: threading.Event) -> None:
    """Serve the folders of our own SFTP server."""
    from coterie.app.sftp import sftp_dependencies
    from coterie.control.managed_sftp import FOLDER as SFTP_FOLDER
    from coterie.sftpd.server import forget_unfinished, run_sftp_server

    settings = services.settings
    deps = sftp_dependencies(services)
    forget_unfinished(settings.data_dir / SFTP_FOLDER)
    host, port = settings.sftp_host, settings.sftp_port or SFTP_PORT
    asyncio.run(_until(stop, lambda end: run_sftp_server(deps, end, host=host, port=port)))


async def _until(
    stop: threading.Event, serve: Callable[[asyncio.Event], Coroutine[None, None, None]]
) -> None:
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    watch = threading.Thread(
        target=lambda: (stop.wait(), loop.call_soon_threadsafe(ending.set)), daemon=True
    )
    watch.start()
    await serve(ending)


def run_sending(run: Callable[[], Coroutine[None, None, None]]) -> None:
    """Run a sender's coroutine to its end, on the loop and with the collector that suit it."""
    spare_the_collector()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run())


def spare_the_collector() -> None:
    """Let the garbage collector look less often in a process that works on batches.

    A batch makes hundreds of thousands of objects that live as long as it does, which the
    collector would visit again and again; none of them is part of a cycle.
    """
    gc.freeze()
    gc.set_threshold(GC_ALLOCATIONS, 50, 100)


ROLE_RUNNERS: dict[str, Callable[[Services, threading.Event], None]] = {
    "worker": work,
    "jobs": run_due_jobs,
    "sender": send,
    "sftp": serve_sftp,
}
