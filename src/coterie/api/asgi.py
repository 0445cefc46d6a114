"""The few parts of ASGI that the doors in front of the framework speak themselves.

A litestar handler costs more than all the rest of a collect request or of a person's values, so
these answer the server directly; everything else is litestar's.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import Any

import msgspec
from litestar.types import Receive, Send

from coterie.api.errors import answer_error
from coterie.base.errors import TransientError, UserError
from coterie.flow.collect.unpack import RequestTooLargeError

JSON = b"application/json"
BODY_SECONDS = 30.0
DRAIN_SECONDS = 5.0
DRAIN_BYTES = 30_000_000
# Python refuses to read numbers of thousands of digits, and no body has a length of more than 18.
LONGEST_LENGTH = 18
# Answers with these have no body by definition (RFC 9110, 15.3.5 and 15.4.5).
BODILESS = (204, 304)


class Answer(msgspec.Struct, frozen=True):
    """A whole response; `headers` beside content-type and content-length, names in lower case."""

    status: int
    body: bytes
    content_type: bytes = JSON
    headers: tuple[tuple[bytes, bytes], ...] = ()


class IncompleteRequestError(UserError):
    """A request ended before its body was complete, or its chunks are malformed."""

    code = "incomplete_request"

    def __init__(self) -> None:
        super().__init__(
            "The request ended before its body was complete, or its chunked encoding is "
            "malformed. Send it again as a whole."
        )


class SlowRequestError(TransientError):
    """The body of a request did not arrive in time."""

    code = "request_timeout"

    def __init__(self, *, seconds: float) -> None:
        super().__init__(
            f"The body of the request did not arrive within {seconds:g} seconds. Send it again, "
            "in smaller parts if the connection is slow."
        )


class RequestBody:
    """The body of one request, which arrives in chunks."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._is_begun = False
        self._is_over = False

    async def read(self, *, limit: int, announced: bytes, seconds: float) -> bytes:
        """Return the whole body; `announced` is its Content-Length, or empty.

        Raises RequestTooLargeError as soon as the body is known to pass `limit` bytes,
        SlowRequestError if it is not there after `seconds`, and IncompleteRequestError.
        """
        if announced.isdigit() and _length(announced) > limit:
            raise RequestTooLargeError(limit=limit)
        try:
            async with asyncio.timeout(seconds):
                return await self._read_all(limit)
        except TimeoutError as error:
            self._is_over = True
            raise SlowRequestError(seconds=seconds) from error

    async def pieces(self, *, limit: int, announced: bytes, seconds: float) -> AsyncIterator[bytes]:
        """Yield the body as it arrives; each piece has `seconds` to come. Raises as `read`."""
        if announced.isdigit() and _length(announced) > limit:
            raise RequestTooLargeError(limit=limit)
        size = 0
        while not self._is_over:
            try:
                async with asyncio.timeout(seconds):
                    piece = await self._next_chunk()
            except TimeoutError as error:
                self._is_over = True
                raise SlowRequestError(seconds=seconds) from error
            size += len(piece)
            if size > limit:
                raise RequestTooLargeError(limit=limit)
            yield piece

    async def drain(self, headers: Mapping[bytes, bytes], *, most: int) -> None:
        """Read what is left of the body, for a few seconds; leave it if it passes `most` bytes.

        Most clients send all of a request before they look for the answer, and see none if the
        connection ends under them.
        """
        if self._is_over or not self._is_coming(headers, most):
            return
        left = most
        with suppress(TimeoutError, IncompleteRequestError):
            async with asyncio.timeout(DRAIN_SECONDS):
                while left > 0 and not self._is_over:
                    left -= len(await self._next_chunk())

    def _is_coming(self, headers: Mapping[bytes, bytes], most: int) -> bool:
        # Who expects to be asked for the body looks for the answer before sending it.
        if not self._is_begun and b"expect" in headers:
            return False
        announced = headers.get(b"content-length", b"")
        if announced.isdigit():
            return 0 < _length(announced) <= most
        return b"transfer-encoding" in headers

    async def _read_all(self, limit: int) -> bytes:
        chunks: list[bytes] = []
        size = 0
        while not self._is_over:
            chunk = await self._next_chunk()
            size += len(chunk)
            if size > limit:
                raise RequestTooLargeError(limit=limit)
            chunks.append(chunk)
        return b"".join(chunks) if len(chunks) != 1 else chunks[0]

    async def _next_chunk(self) -> bytes:
        self._is_begun = True
        message: Mapping[str, Any] = await self._receive()
        # A server says the same of a client that went away and of one that sends nonsense.
        if message["type"] == "http.disconnect":
            self._is_over = True
            raise IncompleteRequestError
        self._is_over = not message.get("more_body", False)
        chunk: bytes = message.get("body", b"")
        return chunk


def _length(announced: bytes) -> int:
    return int(announced[: LONGEST_LENGTH + 1])


async def send_answer(send: Send, answer: Answer) -> None:
    """Send a whole response."""
    headers = list(answer.headers)
    if answer.status not in BODILESS:
        headers.append((b"content-type", answer.content_type))
        headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body, "more_body": False})


def error_as_answer(error: BaseException) -> Answer:
    """Return the response to a request that ended in `error`."""
    body, headers = answer_error(error)
    encoded = tuple((name.encode(), value.encode()) for name, value in headers.items())
    return Answer(body.status, msgspec.json.encode(body), headers=encoded)
