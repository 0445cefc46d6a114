"""The tokens that senders present, looked up at most every few seconds."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Self

import msgspec
import structlog

from coterie.base.clock import Clock
from coterie.base.errors import CoterieError, UserError
from coterie.model.control import Grant

# A revoked token stops writing at once, since each group commit asks again; for the rest of the API
# this is how long a revocation may take.
REMEMBERED = timedelta(seconds=3)
MOST_REMEMBERED = 10_000
TOUCH_SECONDS = 20.0

log = structlog.get_logger(__name__)


class MissingTokenError(UserError):
    """A request came without a token."""

    code = "token_missing"

    def __init__(self) -> None:
        super().__init__(
            "An access token is needed: as `key` or `access_token` in the URL, or in the "
            "Authorization header. Create one under Account > Access Tokens."
        )


class RefusedTokenError(UserError):
    """A request came with a token that does not hold."""

    code = "token_refused"

    def __init__(self) -> None:
        super().__init__(
            "The access token is unknown, revoked or expired. Create another one under "
            "Account > Access Tokens."
        )


class _Known(msgspec.Struct, frozen=True):
    grant: Grant | None
    until: datetime


class TokenDesk:
    """Answers what a presented token allows; use it as an async context manager."""

    def __init__(
        self,
        *,
        check: Callable[[str, datetime], Grant | None],
        touch: Callable[[Iterable[int], datetime], None],
        clock: Clock,
    ) -> None:
        self._check = check
        self._touch = touch
        self._clock = clock
        self._known: dict[str, _Known] = {}
        self._asking: dict[str, asyncio.Task[_Known]] = {}
        self._used: set[int] = set()
        self._toucher: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Start noting which tokens are used."""
        self._toucher = asyncio.create_task(self._touch_now_and_then(), name="token-toucher")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Note the last uses, and stop."""
        if self._toucher is not None:
            self._toucher.cancel()
            await asyncio.gather(self._toucher, return_exceptions=True)
        await self._touch_used()

    async def get_grant(self, presented: str) -> Grant:
        """Return what the token allows. Raises MissingTokenError, RefusedTokenError."""
        if not presented:
            raise MissingTokenError
        now = self._clock()
        known = self._known.get(presented)
        if known is None or known.until <= now:
            known = await self._ask_once(presented)
        grant = known.grant
        if grant is None or (grant.expires_at is not None and grant.expires_at <= now):
            raise RefusedTokenError
        self._used.add(grant.token_id)
        return grant

    async def _ask_once(self, presented: str) -> _Known:
        asking = self._asking.get(presented)
        if asking is None:
            asking = asyncio.create_task(self._ask(presented))
            self._asking[presented] = asking
            asking.add_done_callback(lambda _: self._asking.pop(presented, None))
        # Shielded, because other requests may wait for the same answer.
        return await asyncio.shield(asking)

    async def _ask(self, presented: str) -> _Known:
        now = self._clock()
        grant = await asyncio.to_thread(self._check, presented, now)
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        known = _Known(grant, now + REMEMBERED)
        self._known[presented] = known
        return known

    async def _touch_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(TOUCH_SECONDS)
            await self._touch_used()

    async def _touch_used(self) -> None:
        used, self._used = self._used, set()
        if not used:
            return
        try:
            await asyncio.to_thread(self._touch, used, self._clock())
        except CoterieError as error:
            log.warning("api.tokens.not_touched", count=len(used), error=error.message)
