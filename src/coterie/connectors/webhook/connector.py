"""A webhook as a destination: signed messages to one address."""

import hashlib
from collections.abc import Hashable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self

import aiohttp
import msgspec

from coterie.base.clock import Clock, system_clock
from coterie.connectors.addresses import (
    ForbiddenAddressError,
    PrivateAddressError,
    open_public_socket,
)
from coterie.connectors.destination import Answer, Object, Target
from coterie.connectors.webhook.bodies import make_body
from coterie.connectors.webhook.config import WebhookAccess, read_headers, read_webhook_access
from coterie.connectors.webhook.errors import (
    WebhookBusyError,
    WebhookEndpointError,
    WebhookRefusedError,
    WebhookUnavailableError,
)
from coterie.connectors.webhook.messages import count_told, make_message
from coterie.connectors.webhook.signing import sign
from coterie.model.delivery import DestinationPlan, Load, QueueItem
from coterie.model.webhooks import WebhookShape

USER_AGENT = "Coterie-Webhook"
ANSWER_LIMIT_BYTES = 64_000
SHOWN_CHARACTERS = 500
# Of what a receiver may ask for, in seconds.
LONGEST_PAUSE = 3_600.0
# After one of these a part of a batch may be taken alone: too large, or one message is wrong.
DIVISIBLE = frozenset({400, 413, 422})


class WebhookForms:
    """How receivers are told."""

    def __init__(self, *, clock: Clock = system_clock) -> None:
        self._clock = clock

    def target(self, plan: DestinationPlan) -> Target:
        """Return how many messages share a request; all jobs of an address are one lane."""
        shape = _shape(plan)
        return Target(lane="webhook", most=shape.batch_size, flush_seconds=shape.flush_seconds)

    def make_object(self, plan: DestinationPlan, load: Load) -> Object | None:
        """Return the message that tells of a load, None if there is nothing to tell."""
        if isinstance(load, QueueItem) or load.difference.is_empty:
            return None
        return make_message(plan, load, now=self._clock())

    def company(self, plan: DestinationPlan, made: Object) -> Hashable:  # noqa: ARG002
        """Return nothing: any messages of a job may share a request."""
        return ()

    def told(self, plan: DestinationPlan, load: Load) -> tuple[int, int]:
        """Return how many entries and changes a load tells, and how many exits."""
        return (0, 0) if isinstance(load, QueueItem) else count_told(plan, load)

    def data_points(self, plan: DestinationPlan, load: Load) -> int:  # noqa: ARG002
        """Return 0: nobody bills them."""
        return 0

    def sample(self, plan: DestinationPlan, made: Object) -> Any:
        """Return a body with one message; as text if it is no JSON."""
        data = make_body(plan, [made]).data
        try:
            return msgspec.json.decode(data)
        except msgspec.DecodeError:
            return data.decode()


class WebhookConnector(WebhookForms):
    """One receiver. Use as an asynchronous context manager.

    `timeout` is in seconds for a whole request. Redirects are not followed, and private addresses
    are refused unless allowed.
    """

    def __init__(
        self, access: WebhookAccess, *, allow_private_addresses: bool, timeout: float, clock: Clock
    ) -> None:
        super().__init__(clock=clock)
        self.parallel: int | None = access.parallel
        self._access = access
        self._headers = read_headers(access.headers)
        self._guarded = not allow_private_addresses
        self._timeout = timeout
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open the connection pool."""
        factory = open_public_socket if self._guarded else None
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._access.parallel, socket_factory=factory),
            timeout=aiohttp.ClientTimeout(total=self._timeout),
            headers={"User-Agent": USER_AGENT, **self._headers},
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

    async def send(
        self,
        plan: DestinationPlan,
        target: Target,  # noqa: ARG002 - there is one address
        objects: Sequence[Object],
    ) -> Answer:
        """Send messages in one request; all of them are taken or none."""
        shape, body = _shape(plan), make_body(plan, objects)
        number = request_id([message["id"] for message in objects])
        status, text, seconds = await self.post(
            shape.http_method, body.data, content_type=body.content_type, message_id=number
        )
        if 200 <= status < 300:
            return Answer(status=status, refused={}, text=text)
        host = self._access.host
        if status in shape.do_not_retry:
            raise WebhookRefusedError(
                host=host, status=status, answer=text, is_divisible=status in DIVISIBLE
            )
        if status == 429 or (status == 503 and seconds is not None):
            raise WebhookBusyError(host=host, status=status, retry_after=seconds)
        if status < 400 or status in (401, 403, 407, 410):
            raise WebhookEndpointError(host=host, status=status)
        what, worked = f"status {status}", status == 408 or status >= 500
        raise WebhookUnavailableError(host=host, what=what, may_have_worked=worked, status=status)

    async def post(
        self, method: str, body: bytes, *, content_type: str, message_id: str
    ) -> tuple[int, str, float | None]:
        """Send one signed request; return status, text and after how long another try is welcome.

        Raises WebhookUnavailableError if no answer came, or `ForbiddenAddressError`.
        """
        if self._session is None:
            raise RuntimeError("the connector is used outside of its `async with` block")
        stamp, host = int(self._clock().timestamp()), self._access.host
        headers = {
            "Content-Type": content_type,
            "webhook-id": message_id,
            "webhook-timestamp": str(stamp),
            "webhook-signature": sign(
                self._access.secrets, message_id=message_id, timestamp=stamp, body=body
            ),
        }
        try:
            async with self._session.request(
                method, self._access.url, data=body, headers=headers, allow_redirects=False
            ) as response:
                read = await response.content.read(ANSWER_LIMIT_BYTES)
                seconds = _retry_after(response.headers, now=self._clock())
                return response.status, self._hide(read), seconds
        except aiohttp.ClientConnectorError as error:
            if isinstance(error.os_error, PrivateAddressError):
                raise ForbiddenAddressError(host=host) from error
            raise WebhookUnavailableError(
                host=host, what="no connection", may_have_worked=False
            ) from error
        except TimeoutError as error:
            what = f"no answer within {self._timeout:g} s"
            raise WebhookUnavailableError(host=host, what=what) from error
        except (aiohttp.ClientError, ValueError) as error:
            raise WebhookUnavailableError(host=host, what=type(error).__name__) from error

    def _hide(self, data: bytes) -> str:
        # A receiver may repeat what it was sent; secrets must reach no log and no page.
        text = data.decode("utf-8", "replace")
        for secret in (*self._access.secrets, *self._headers.values()):
            text = text.replace(secret, "***") if secret else text
        return text[:SHOWN_CHARACTERS]


def make_webhook_connector(
    config: dict[str, Any], *, allow_private_addresses: bool, timeout: float, clock: Clock
) -> WebhookConnector:
    """Return the connector of an authorization. Raises `BadWebhookConfigError`."""
    access = read_webhook_access(config)
    return WebhookConnector(
        access, allow_private_addresses=allow_private_addresses, timeout=timeout, clock=clock
    )


def read_webhook_forms(public: dict[str, Any]) -> WebhookForms:  # noqa: ARG001
    """Return the forms of an authorization; all that they need is the job's to say."""
    return WebhookForms()


def request_id(messages: Sequence[str]) -> str:
    """Return the id of a request: that of its only message, or one that follows from all."""
    if len(messages) == 1:
        return messages[0]
    return f"batch_{hashlib.sha256(' '.join(messages).encode()).hexdigest()[:32]}"


def _shape(plan: DestinationPlan) -> WebhookShape:
    return WebhookShape() if plan.webhook is None else plan.webhook.shape


def _retry_after(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """Return the seconds of the header, which is a number of them or a date (RFC 9110)."""
    text = headers.get("Retry-After", "")
    if text.isascii() and text.isdigit():
        return min(float(text), LONGEST_PAUSE)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, min((at - now).total_seconds(), LONGEST_PAUSE))
