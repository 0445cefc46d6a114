"""Keeps one sender running for every authorization."""

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any, NamedTuple

import structlog

from coterie.base.errors import CoterieError, TransientError
from coterie.connectors.registry import make_connector
from coterie.control.sealed import read_sealed, unseal
from coterie.flow.exports.hold import Hold
from coterie.model.delivery import DestinationPlan
from coterie.sender.authorization import AuthorizationSender
from coterie.sender.courier import Courier
from coterie.sender.dependencies import SenderDependencies
from coterie.sender.planner import Planner, Plans
from coterie.sender.reports import Reporter

log = structlog.get_logger(__name__)

# Another process has the hold, or something failed: look again after this many seconds. What fails
# again and again is tried less and less often.
RETRY_SECONDS = 1.0
LONGEST_PAUSE = 300.0


class _Access(NamedTuple):
    """What an authorization says, with its secrets."""

    provider: str
    config: dict[str, Any]

    def __repr__(self) -> str:
        """Return the access without its secrets."""
        return f"_Access(provider={self.provider!r})"


async def run_sender(deps: SenderDependencies, stop: asyncio.Event) -> None:
    """Serve all authorizations until `stop` is set; then end once nothing is under way.

    Several processes may run this: each authorization is served by one of them, and by another as
    soon as that one is gone.
    """
    lines: dict[int, Line] = {}
    planner = Planner(deps)
    hearing = asyncio.create_task(deps.desk.hear_of_changes(lambda: _wake(lines.values())))
    try:
        await _follow(deps, planner, lines, stop)
    finally:
        hearing.cancel()
        await asyncio.gather(hearing, return_exceptions=True)
    await asyncio.gather(*(line.end() for line in lines.values()))


async def _follow(
    deps: SenderDependencies, planner: Planner, lines: dict[int, "Line"], stop: asyncio.Event
) -> None:
    while not stop.is_set():
        try:
            plans = await asyncio.to_thread(planner.find_news)
            if plans is not None:
                await _adjust(deps, lines, plans)
        except TransientError as error:
            log.warning("sender.store_unavailable", reason=error.message)
            await _pause(stop, RETRY_SECONDS)
        await _pause(stop, deps.poll_seconds)


def _wake(lines: Iterable["Line"]) -> None:
    for line in lines:
        line.wake()


class Line:
    """The sender of one authorization, restarted after failures until it is ended."""

    def __init__(
        self, deps: SenderDependencies, authorization_id: int, plans: Sequence[DestinationPlan]
    ) -> None:
        self._deps = deps
        self._authorization_id = authorization_id
        self._plans = plans
        self._news = False
        self._failures = 0
        self._told = ""
        self._sender: AuthorizationSender | None = None
        self._stop = asyncio.Event()
        # Set by whatever makes it worth while to end a pause.
        self._awake = asyncio.Event()
        self._task = asyncio.create_task(self._run(), name=f"sender-{authorization_id}")

    def follow(self, plans: Sequence[DestinationPlan]) -> None:
        """Serve these destinations, and read the authorization again, after the present cycle."""
        self._plans = plans
        self._news = True
        self._told = ""
        self._awake.set()
        self.wake()

    def wake(self) -> None:
        """Look at once for what is due."""
        if self._sender is not None:
            self._sender.wake()

    async def end(self) -> None:
        """End after the present cycle."""
        self._stop.set()
        self._awake.set()
        self.wake()
        await self._task

    async def _run(self) -> None:
        while not self._stop.is_set():
            # News from here on end the pause at the end.
            self._awake.clear()
            started = self._deps.monotonic()
            seconds = RETRY_SECONDS
            try:
                async with _try_hold(self._deps, self._authorization_id) as hold:
                    if hold is not None:
                        await self._serve(hold)
            except TransientError as error:
                self._log_interruption(error)
            except CoterieError as error:
                self._log_interruption(error)
                seconds = await self._fail(error.message, since=started)
            except Exception as error:
                # One authorization must not end the sender of all others, whatever is wrong with
                # it. The error's own text may hold the key, so people are told its kind alone.
                log.exception("sender.failed", authorization_id=self._authorization_id)
                kind = type(error).__name__
                detail = f"The sender failed ({kind}) and tries again by itself; its log says more."
                seconds = await self._fail(detail, since=started)
            if not self._stop.is_set():
                await _pause(self._awake, seconds)

    def _log_interruption(self, error: CoterieError) -> None:
        log.warning(
            "sender.interrupted",
            authorization_id=self._authorization_id,
            code=error.code,
            reason=error.message,
        )

    async def _fail(self, detail: str, *, since: float) -> float:
        """Tell people once why nothing is sent; return how many seconds to leave it alone."""
        if self._deps.monotonic() - since >= LONGEST_PAUSE:
            self._failures, self._told = 0, ""
        self._failures += 1
        if detail != self._told:
            await self._tell(detail)
        return min(LONGEST_PAUSE, RETRY_SECONDS * 2.0 ** min(self._failures - 1, 20))

    async def _tell(self, detail: str) -> None:
        reporter = Reporter(self._deps, authorization_id=self._authorization_id)
        try:
            await reporter.tell_trouble(self._plans, detail=detail)
        except Exception:
            # The log has it, and the next failure tells people again.
            log.exception("sender.trouble_untold", authorization_id=self._authorization_id)
        else:
            self._told = detail

    async def _serve(self, hold: Hold) -> None:
        log.info("sender.started", authorization_id=self._authorization_id)
        while not self._stop.is_set():
            access = await asyncio.to_thread(_read_access, self._deps, self._authorization_id)
            connector = make_connector(
                access.provider,
                access.config,
                allow_private_addresses=self._deps.allow_private_addresses,
                timeout=self._deps.timeout,
                clock=self._deps.clock,
            )
            async with connector:
                sender = AuthorizationSender(
                    self._deps,
                    hold,
                    functools.partial(Courier, self._deps, connector),
                    Reporter(self._deps, authorization_id=self._authorization_id),
                    forms=connector,
                )
                self._sender = sender
                try:
                    await self._cycle(sender, access)
                finally:
                    self._sender = None
                    # After an error nobody may write any more; the next hold finds it in doubt.
                    await sender.drop()

    async def _cycle(self, sender: AuthorizationSender, access: _Access) -> None:
        plans = self._plans
        await sender.follow(plans)
        await sender.take_over()
        while not self._stop.is_set():
            if self._news:
                self._news = False
                now = await asyncio.to_thread(_read_access, self._deps, self._authorization_id)
                if now != access or _begins_anew(plans, self._plans):
                    break
                plans = self._plans
                await sender.follow(plans)
            if not await sender.cycle():
                await sender.rest(self._deps.poll_seconds)
        if not _killed(self._plans) - _killed(plans):
            await sender.finish()


def _begins_anew(before: Sequence[DestinationPlan], after: Sequence[DestinationPlan]) -> bool:
    known = {plan.id: plan.restarts for plan in before}
    return any(known.get(plan.id, plan.restarts) != plan.restarts for plan in after)


def _killed(plans: Sequence[DestinationPlan]) -> set[int]:
    return {plan.id for plan in plans if plan.delivery == "killed"}


async def _adjust(deps: SenderDependencies, lines: dict[int, Line], plans: Plans) -> None:
    for authorization_id in set(lines) - set(plans):
        await lines.pop(authorization_id).end()
    for authorization_id, destinations in plans.items():
        line = lines.get(authorization_id)
        if line is None:
            lines[authorization_id] = Line(deps, authorization_id, destinations)
        else:
            line.follow(destinations)


@contextlib.asynccontextmanager
async def _try_hold(deps: SenderDependencies, authorization_id: int) -> AsyncIterator[Hold | None]:
    # Connecting may take seconds, in which the other senders must go on.
    holding = deps.desk.try_hold(authorization_id)
    hold = await asyncio.to_thread(holding.__enter__)
    try:
        yield hold
    finally:
        await asyncio.to_thread(holding.__exit__, None, None, None)


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)


def _read_access(deps: SenderDependencies, authorization_id: int) -> _Access:
    sealed = read_sealed(deps.desk.store, None, authorization_id)
    return _Access(sealed.provider, unseal(deps.ring, sealed))
