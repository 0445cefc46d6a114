"""The way of every call of Braze's API: key, body, rate limit, work, answer."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from aiohttp import web

from braze_sandbox.auth.gate import admit
from braze_sandbox.bodies import decode_json
from braze_sandbox.engine import Engine
from braze_sandbox.errors import RefusedError
from braze_sandbox.limits.limiter import EMPTY_HEADERS, RateLimitedError
from braze_sandbox.model.access import RestKey
from braze_sandbox.operations import make_job
from braze_sandbox.server.answers import ENGINE, json_answer
from braze_sandbox.server.recording import KEY_NAME, REJECT_EVERY
from braze_sandbox.store.workspace import Workspace


class BodyTooLargeError(RefusedError):
    """The body is larger than the settings allow."""

    def __init__(self) -> None:
        super().__init__(413, "Request Entity Too Large")


class Call(msgspec.Struct, frozen=True):
    """An admitted request: whose key, the body as sent, the JSON in it.

    `query` holds the query string without the `[]` that marks lists, `path` the parts of the
    address that are variable, `origin` the sandbox's own address, `reject_every` a planned fault.
    """

    key: RestKey
    workspace: Workspace
    body: bytes
    data: Any
    query: dict[str, list[str]]
    path: Mapping[str, str]
    origin: str
    reject_every: int | None = None

    def one(self, name: str) -> str | None:
        """Return the first value of a query parameter."""
        values = self.query.get(name)
        return values[0] if values else None


class Result(msgspec.Struct, frozen=True):
    """The status and the JSON of an answer, with headers beside those of the rate limit."""

    status: int
    value: Any
    headers: dict[str, str] = {}


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """One of Braze's calls: the permission it takes, the limit it counts on, what it does."""

    method: str
    path: str
    permission: str
    act: Callable[[Engine, Call], Result]
    bucket: Callable[[Any], str] = lambda _: "other"


def do(engine: Engine, call: Call, kind: str) -> None:
    """Let an operation happen, now or from the queue; its body has been checked."""
    if not engine.settings.blackhole:
        engine.processing.accept(
            call.workspace, make_job(kind, call.data), key_name=call.key.name, body=call.body
        )


def handler(endpoint: Endpoint) -> Callable[[web.Request], Any]:
    """Return the function that answers the requests to an endpoint."""

    async def handle(request: web.Request) -> web.Response:
        engine = request.app[ENGINE]
        key = _admit(engine, request, endpoint)
        if isinstance(key, web.Response):
            return key
        try:
            body = await _read_body(request, engine.settings.request_bytes)
            data = None if request.method == "GET" and not body else _decode(body)
        except RefusedError as error:
            return _refuse(engine, endpoint, key, error)
        call = Call(
            key,
            engine.state.workspace(key.workspace),
            body,
            data,
            _read_query(request),
            request.match_info,
            f"{request.scheme}://{request.host}",
            request.get(REJECT_EVERY),
        )
        return _answer(engine, endpoint, call)

    return handle


def _decode(body: bytes) -> Any:
    return decode_json(body) if body.strip() else None


def _read_query(request: web.Request) -> dict[str, list[str]]:
    query: dict[str, list[str]] = {}
    for name, value in request.query.items():
        query.setdefault(name.removesuffix("[]"), []).append(value)
    return query


def _admit(engine: Engine, request: web.Request, endpoint: Endpoint) -> RestKey | web.Response:
    try:
        key = admit(
            engine.state,
            authorization=request.headers.get("Authorization"),
            permission=endpoint.permission,
            address=request.remote,
        )
    except RefusedError as error:
        # Recorded: a 401 carries the rate-limit headers, empty.
        return json_answer(error.body(), status=error.status, headers=EMPTY_HEADERS)
    request[KEY_NAME] = key.name
    return key


async def _read_body(request: web.Request, limit: int) -> bytes:
    if (request.content_length or 0) > limit:
        raise BodyTooLargeError
    body = await request.read()
    if len(body) > limit:
        raise BodyTooLargeError
    return body


def _refuse(engine: Engine, endpoint: Endpoint, key: RestKey, error: RefusedError) -> web.Response:
    """Answer a body that cannot be read; it counts on the limit like any other."""

    def refuse(_: Engine, __: Call) -> Result:
        raise error

    workspace = engine.state.workspace(key.workspace)
    unread = Call(key, workspace, b"", None, {}, {}, "")
    return _answer(engine, msgspec.structs.replace(endpoint, act=refuse), unread)


def _answer(engine: Engine, endpoint: Endpoint, call: Call) -> web.Response:
    try:
        headers = engine.limiter.take(
            call.workspace.id,
            endpoint.bucket(call.data),
            settings=engine.settings,
            now=engine.clock(),
        )
    except RateLimitedError as error:
        return json_answer(error.body(), status=error.status, headers=error.headers)
    try:
        result = endpoint.act(engine, call)
    except RefusedError as error:
        return json_answer(error.body(), status=error.status, headers=headers)
    return json_answer(result.value, status=result.status, headers={**headers, **result.headers})
