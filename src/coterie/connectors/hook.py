"""Posts one JSON body to an address that a person gave."""

import asyncio
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import msgspec

from coterie.base.errors import PermanentError, TransientError
from coterie.connectors.addresses import (
    ForbiddenAddressError,
    PrivateAddressError,
    open_public_socket,
)

TIMEOUT = 15.0


class HookRefusedError(PermanentError):
    """What answers there does not take the body."""

    code = "hook_refused"

    def __init__(self, *, host: str, status: int) -> None:
        super().__init__(
            f"{host} does not take the message (status {status}). Check the webhook's address; "
            "redirects are not followed."
        )


class HookUnavailableError(TransientError):
    """Nothing answers there."""

    code = "hook_unavailable"

    def __init__(self, *, host: str, reason: str) -> None:
        super().__init__(f"{host} does not answer ({reason}). It is tried again.")


def post_json(
    url: str, body: Any, *, allow_private_addresses: bool, timeout: float = TIMEOUT
) -> None:
    """Post a body as JSON. Not to be called from a running event loop.

    Raises HookRefusedError, HookUnavailableError or ForbiddenAddressError.
    """
    asyncio.run(_post(url, msgspec.json.encode(body), allow_private_addresses, timeout))


async def _post(url: str, data: bytes, allow_private: bool, seconds: float) -> None:
    host = urlsplit(url).hostname or ""
    factory = None if allow_private else open_public_socket
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(socket_factory=factory),
        timeout=aiohttp.ClientTimeout(total=seconds),
        headers={"Content-Type": "application/json", "User-Agent": "Coterie"},
        cookie_jar=aiohttp.DummyCookieJar(),
    )
    try:
        async with session, session.post(url, data=data, allow_redirects=False) as response:
            status = response.status
    except aiohttp.ClientConnectorError as error:
        if isinstance(error.os_error, PrivateAddressError):
            raise ForbiddenAddressError(host=host) from error
        raise HookUnavailableError(host=host, reason="no connection") from error
    except TimeoutError as error:
        raise HookUnavailableError(host=host, reason="no answer in time") from error
    except (aiohttp.ClientError, ValueError) as error:
        raise HookUnavailableError(host=host, reason=type(error).__name__) from error
    if status in (408, 429) or status >= 500:
        raise HookUnavailableError(host=host, reason=f"status {status}")
    if not 200 <= status < 300:
        raise HookRefusedError(host=host, status=status)
