"""Braze's own endpoints."""

from collections.abc import Callable
from typing import Any

import msgspec
from aiohttp import web

from braze_sandbox.auth.gate import admit
from braze_sandbox.engine import Engine
from braze_sandbox.errors import RefusedError
from braze_sandbox.export_ids import export_bucket, export_users
from braze_sandbox.limits.limiter import EMPTY_HEADERS, RateLimitedError
from braze_sandbox.model.access import RestKey
from braze_sandbox.server.answers import ENGINE, decode_json, json_answer
from braze_sandbox.server.recording import KEY_NAME
from braze_sandbox.track.request import read_track


class BodyTooLargeError(RefusedError):
    """The body is larger than the settings allow."""

    def __init__(self) -> None:
        super().__init__(413, "Request Entity Too Large")


class Call(msgspec.Struct, frozen=True):
    """An admitted request: whose key, the body as sent, the JSON in it."""

    key: RestKey
    body: bytes
    data: Any


class Result(msgspec.Struct, frozen=True):
    """The status and the JSON of an answer."""

    status: int
    value: Any


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """One of Braze's calls: the permission it takes, the limit it counts on, what it does."""

    method: str
    path: str
    permission: str
    bucket: Callable[[Any], str]
    act: Callable[[Engine, Call], Result]


def track(engine: Engine, call: Call) -> Result:
    """Take attributes, events and purchases."""
    settings = engine.settings
    request = read_track(call.data, settings)
    workspace = engine.state.workspace(call.key.workspace)
    if not settings.blackhole:
        engine.processing.accept(workspace, request, key_name=call.key.name, body=call.body)
    if settings.maintenance:
        return Result(202, {"message": "queued"})
    return Result(201, request.answer(settings.error_types))


def export_ids(engine: Engine, call: Call) -> Result:
    """Give users by their identifiers."""
    workspace = engine.state.workspace(call.key.workspace)
    return Result(201, export_users(workspace.profiles, call.data, engine.settings))


ENDPOINTS = (
    Endpoint(
        method="POST",
        path="/users/track",
        permission="users.track",
        bucket=lambda _: "users.track",
        act=track,
    ),
    Endpoint(
        method="POST",
        path="/users/export/ids",
        permission="users.export.ids",
        bucket=export_bucket,
        act=export_ids,
    ),
)


def rest_routes() -> list[web.RouteDef]:
    """Return the routes of all endpoints."""
    return [web.route(e.method, e.path, _handler(e)) for e in ENDPOINTS]


def _handler(endpoint: Endpoint) -> Callable[[web.Request], Any]:
    async def handle(request: web.Request) -> web.Response:
        engine = request.app[ENGINE]
        key = _admit(engine, request, endpoint)
        if isinstance(key, web.Response):
            return key
        body = await _read_body(request, engine.settings.request_bytes)
        return _answer(engine, endpoint, key, body)

    return handle


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


def _answer(engine: Engine, endpoint: Endpoint, key: RestKey, body: bytes) -> web.Response:
    data = decode_json(body)
    try:
        headers = engine.limiter.take(
            key.workspace, endpoint.bucket(data), settings=engine.settings, now=engine.clock()
        )
    except RateLimitedError as error:
        return json_answer(error.body(), status=error.status, headers=error.headers)
    try:
        result = endpoint.act(engine, Call(key, body, data))
    except RefusedError as error:
        return json_answer(error.body(), status=error.status, headers=headers)
    return json_answer(result.value, status=result.status, headers=headers)
