"""The reading of requests, with the writing of JSON answers."""

from typing import Any, TypeVar

import msgspec
from aiohttp import web

from braze_sandbox.bodies import BadJsonError, decode_json
from braze_sandbox.engine import Engine
from braze_sandbox.errors import RefusedError
from braze_sandbox.segments.asking import Asking
from braze_sandbox.store.state import DEFAULT_WORKSPACE
from braze_sandbox.store.workspace import Workspace

ENGINE: web.AppKey[Engine] = web.AppKey("engine", Engine)

_T = TypeVar("_T")


class BadNumberError(RefusedError):
    """A query parameter is no whole number."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(400, f"'{name}' must be a whole number, not '{text}'.")


def json_answer(
    value: Any, *, status: int = 200, headers: dict[str, str] | None = None
) -> web.Response:
    """Return an answer with `value` as JSON."""
    return web.Response(
        body=msgspec.json.encode(value),
        status=status,
        headers=headers,
        content_type="application/json",
    )


async def read_as(request: web.Request, kind: type[_T]) -> _T:
    """Return the request's JSON as `kind`, an empty body as its defaults.

    Raise BadJsonError (400) if it does not fit.
    """
    body = await request.read() or b"{}"
    value = decode_json(body)
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise BadJsonError(str(error)) from error


def query_number(request: web.Request, name: str, default: int) -> int:
    """Return a whole number from the query string; raise BadNumberError (400)."""
    text = request.query.get(name)
    if text is None:
        return default
    try:
        return int(text)
    except ValueError as error:
        raise BadNumberError(name, text) from error


def query_flag(request: web.Request, name: str) -> bool:
    """Tell whether a switch is on in the query string."""
    return request.query.get(name, "").lower() in ("1", "true", "yes")


def query_workspace(request: web.Request) -> Workspace:
    """Return the workspace of `?workspace=`, by default the one that always exists."""
    wanted = request.query.get("workspace", DEFAULT_WORKSPACE)
    return request.app[ENGINE].state.workspace(wanted)


def query_asking(request: web.Request) -> Asking:
    """Return what segment filters are asked about: the workspace of the query, now."""
    return request.app[ENGINE].asking(query_workspace(request))
