"""An asynchronous client of Braze's REST API."""

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import aiohttp
import msgspec

from coterie.base.clock import Clock, system_clock
from coterie.base.errors import PermanentError
from coterie.connectors.addresses import (
    ForbiddenAddressError,
    PrivateAddressError,
    open_public_socket,
)
from coterie.connectors.braze.answers import RawAnswer, read_track_answer
from coterie.connectors.braze.errors import BrazeUnavailableError
from coterie.connectors.braze.forms import DELETE, BrazeObject, deletion_of
from coterie.connectors.braze.limits import read_rate_limit, read_retry_after
from coterie.connectors.destination import Answer, Target

# Partners name themselves so (Braze partner docs, "API user agent").
USER_AGENT = "partner-Coterie"
DEFAULT_TIMEOUT = 30.0
ANSWER_LIMIT_BYTES = 4_000_000


class BrazeUnsendableError(PermanentError):
    """The endpoint URL or the key cannot stand in an HTTP request."""

    code = "braze_unsendable"

    def __init__(self, *, url: str) -> None:
        super().__init__(
            f"No request to {url} can be made: the address or the API key holds what HTTP does "
            "not allow, such as a line end or an empty part of a name. Correct the authorization: "
            "enter the address and the key again."
        )


class BrazeClient:
    """One REST API key at one endpoint. Use as an asynchronous context manager.

    `hidden` are other secrets that bodies hold, which answers may repeat. `timeout` is in seconds
    for a whole request. Redirects are not followed, and private addresses
    are refused unless allowed. How many requests are under way at once is the caller's to decide.
    """

    def __init__(
        self,
        endpoint_url: str,
        api_key: str,
        *,
        hidden: Sequence[str] = (),
        allow_private_addresses: bool = False,
        timeout: float = DEFAULT_TIMEOUT,
        clock: Clock = system_clock,
    ) -> None:
        self._url = endpoint_url.rstrip("/")
        self._key = api_key
        self._hidden = (api_key, *hidden)
        self._guarded = not allow_private_addresses
        self._timeout = timeout
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open the connection pool."""
        factory = open_public_socket if self._guarded else None
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, socket_factory=factory),
            timeout=aiohttp.ClientTimeout(total=self._timeout),
            headers={"User-Agent": USER_AGENT, "Authorization": f"Bearer {self._key}"},
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connection pool."""
        if self._session is not None:
            await self._session.close()

    async def send(self, target: Target, objects: Sequence[BrazeObject]) -> Answer:
        """Send objects of one form; return the fate of each.

        Objects for `/users/delete` name their users by one kind of identifier. Raises the errors of
        `connectors.braze.errors`, or `ForbiddenAddressError`.
        """
        body = deletion_of(objects) if target.lane == DELETE else {target.array: list(objects)}
        answer = await self.post(target.lane, body)
        return read_track_answer(answer, array=target.array, objects=len(objects))

    async def post(self, path: str, body: dict[str, Any]) -> RawAnswer:
        """Send one request; return the answer whatever its status.

        Raises `BrazeUnavailableError` if none came, `BrazeUnsendableError` if none can come, or
        `ForbiddenAddressError`.
        """
        if self._session is None:
            raise RuntimeError("the client is used outside of its `async with` block")
        url = self._url + path
        data = msgspec.json.encode(body)
        try:
            async with self._session.post(
                url,
                data=data,
                headers={"Content-Type": "application/json"},
                allow_redirects=False,
            ) as response:
                return await self._read(response)
        except aiohttp.ClientConnectorError as error:
            if isinstance(error.os_error, PrivateAddressError):
                host = urlsplit(url).hostname or url
                raise ForbiddenAddressError(host=host) from error
            what = "no connection"
            raise BrazeUnavailableError(url=self._url, what=what, may_have_worked=False) from error
        except TimeoutError as error:
            what = f"no answer within {self._timeout:g} s"
            raise BrazeUnavailableError(url=self._url, what=what) from error
        except ValueError as error:
            # aiohttp and yarl check addresses and headers only when they are used.
            raise BrazeUnsendableError(url=self._url) from error
        except aiohttp.ClientError as error:
            raise BrazeUnavailableError(url=self._url, what=type(error).__name__) from error

    async def _read(self, response: aiohttp.ClientResponse) -> RawAnswer:
        now = self._clock()
        body = bytearray()
        async for chunk in response.content.iter_chunked(65536):
            body += chunk
            if len(body) > ANSWER_LIMIT_BYTES:
                raise BrazeUnavailableError(url=self._url, what="an answer of over 4 MB")
        # Braze repeats a wrong key in its 401; the key must reach no log and no page.
        text = body.decode("utf-8", "replace")
        for secret in self._hidden:
            text = text.replace(secret, "***")
        return RawAnswer(
            status=response.status,
            url=self._url,
            text=text,
            retry_after=read_retry_after(response.headers, now=now),
            limit=read_rate_limit(response.headers, now=now),
        )
