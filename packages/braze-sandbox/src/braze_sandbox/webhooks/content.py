"""The requests of `connected_content`."""

import asyncio
import json
from base64 import b64encode
from collections.abc import Callable
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import msgspec

from braze_sandbox.clock import Clock
from braze_sandbox.liquid.connected import ContentRequest
from braze_sandbox.liquid.tags import AbortedMessageError
from braze_sandbox.liquid.template import RenderError
from braze_sandbox.settings import Settings

STATUS_KEY = "__http_status_code__"
_LARGEST_BYTES = 1_000_000
_RETRIES = 5
_CACHE_SECONDS = 300
_REMEMBERED = 1000


class _Answer(msgspec.Struct, frozen=True):
    status: int
    text: str


class Content:
    """Asks allowed hosts, and remembers answers for as long as a template says."""

    def __init__(self, session: Callable[[], aiohttp.ClientSession], clock: Clock) -> None:
        self._session = session
        self._clock = clock
        self._remembered: dict[str, tuple[datetime, _Answer]] = {}

    def clear(self) -> None:
        """Forget remembered answers."""
        self._remembered.clear()

    async def fetch(self, request: ContentRequest, settings: Settings) -> Any:
        """Return the JSON of the answer with its status, other content as text.

        404 and a failure give an empty text. Raise RenderError for a host that is not allowed or a
        method that is neither GET nor POST, AbortedMessageError if `:retry` was in vain.
        """
        options = request.options
        method = options.get("method", "get").upper()
        if method not in ("GET", "POST"):
            message = f"connected_content knows GET and POST, not {method}"
            raise RenderError(message)
        host = urlsplit(request.url)
        if not {host.netloc, host.hostname}.intersection(settings.connected_content_hosts):
            message = f"the host '{host.netloc}' is not among the setting connected_content_hosts"
            raise RenderError(message)
        key = f"{method} {request.url} {options.get('body')} {options.get('headers')}"
        now = self._clock()
        until, answer = self._remembered.get(key, (now, None))
        if answer is None or until <= now:
            answer = await self._ask(method, request, settings)
            self._remember(key, method, options, answer)
        return _read(answer)

    async def _ask(self, method: str, request: ContentRequest, settings: Settings) -> _Answer:
        tries = 1 + (_RETRIES if "retry" in request.options else 0)
        for attempt in range(tries):
            answer = await self._ask_once(method, request, settings)
            if answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
                return answer
            if attempt + 1 < tries:
                await asyncio.sleep(settings.webhook_retry_base_seconds * 2**attempt)
        if tries > 1:
            message = f"connected_content {request.url} failed {tries} times"
            raise AbortedMessageError(message)
        return answer

    async def _ask_once(self, method: str, request: ContentRequest, settings: Settings) -> _Answer:
        options = request.options
        timeout = aiohttp.ClientTimeout(total=settings.connected_content_seconds)
        try:
            async with self._session().request(
                method,
                request.url,
                headers=_headers(options, settings),
                data=options.get("body"),
                allow_redirects=False,
                timeout=timeout,
            ) as answer:
                body = await answer.content.read(_LARGEST_BYTES + 1)
                if len(body) > _LARGEST_BYTES:
                    return _Answer(HTTPStatus.BAD_GATEWAY, "")
                return _Answer(answer.status, body.decode("utf-8", "replace"))
        except (aiohttp.ClientError, TimeoutError, OSError):
            return _Answer(HTTPStatus.BAD_GATEWAY, "")

    def _remember(self, key: str, method: str, options: dict[str, str], answer: _Answer) -> None:
        # GET answers are kept for five minutes; POST ones only if the template says how long.
        text = options.get("cache_max_age", str(_CACHE_SECONDS) if method == "GET" else "0")
        seconds = int(text) if text.isdecimal() and "no_cache" not in options else 0
        if answer.status >= HTTPStatus.MULTIPLE_CHOICES or not seconds:
            return
        self._remembered[key] = (self._clock() + timedelta(seconds=seconds), answer)
        while len(self._remembered) > _REMEMBERED:
            del self._remembered[next(iter(self._remembered))]


def _headers(options: dict[str, str], settings: Settings) -> dict[str, str]:
    headers: dict[str, str] = {}
    if "headers" in options:
        try:
            given = json.loads(options["headers"])
        except ValueError as error:
            message = f"the :headers of connected_content are no JSON object: {error}"
            raise RenderError(message) from error
        headers |= {str(name): str(value) for name, value in given.items()}
    if "content_type" in options:
        headers["Content-Type"] = options["content_type"]
    elif "body" in options:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    if "basic_auth" in options:
        credentials = settings.connected_content_credentials.get(options["basic_auth"])
        if credentials is None:
            message = f"no credentials '{options['basic_auth']}' in connected_content_credentials"
            raise RenderError(message)
        headers["Authorization"] = f"Basic {b64encode(credentials.encode()).decode()}"
    return headers


def _read(answer: _Answer) -> Any:
    if answer.status >= HTTPStatus.MULTIPLE_CHOICES:
        return ""
    try:
        value = json.loads(answer.text)
    except ValueError:
        return answer.text
    return {**value, STATUS_KEY: answer.status} if isinstance(value, dict) else value
