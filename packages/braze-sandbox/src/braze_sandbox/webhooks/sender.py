"""The sending of one webhook, tried again where Braze tries again."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus

import aiohttp
import msgspec

from braze_sandbox.settings import Settings
from braze_sandbox.webhooks.message import Message

# Braze writes 599 for a connection error into its activity log.
CONNECTION_ERROR = 599
# And 598 for a host that it takes for unhealthy and did not ask.
HOST_UNHEALTHY = 598

_EXCERPT_BYTES = 500
_RETRIED = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)


class Delivery(msgspec.Struct, frozen=True):
    """The end of a delivery: the last status, the number of tries, what the receiver said."""

    status: int
    attempts: int
    response: str | None
    error: str | None

    def is_success(self) -> bool:
        """Tell whether the receiver took the message; a redirect is not followed and fails."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES


async def deliver(
    session: aiohttp.ClientSession,
    message: Message,
    *,
    user_agent: str,
    settings: Settings,
    count: Callable[[int], None],
) -> Delivery:
    """Send `message`; on 408, 429, 5XX or a lost connection again, with doubling pauses.

    `count` hears the status of every try.
    """
    attempts = 0
    while True:
        attempts += 1
        delivery = await _try_once(session, message, user_agent, settings, attempts)
        count(delivery.status)
        if not is_retried(delivery.status) or attempts > settings.webhook_retries:
            return delivery
        await asyncio.sleep(settings.webhook_retry_base_seconds * 2 ** (attempts - 1))


def is_retried(status: int) -> bool:
    """Tell whether Braze tries again after this status."""
    return status in _RETRIED or status >= HTTPStatus.INTERNAL_SERVER_ERROR


async def _try_once(
    session: aiohttp.ClientSession,
    message: Message,
    user_agent: str,
    settings: Settings,
    attempts: int,
) -> Delivery:
    try:
        async with session.request(
            message.method,
            message.url,
            data=message.body or None,
            headers={"User-Agent": user_agent, **message.headers},
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=settings.webhook_timeout_seconds),
        ) as answer:
            excerpt = (await answer.read())[:_EXCERPT_BYTES].decode("utf-8", "replace")
            return Delivery(answer.status, attempts, excerpt, None)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        reason = f"{type(error).__name__}: {error}"
        return Delivery(CONNECTION_ERROR, attempts, None, reason)
