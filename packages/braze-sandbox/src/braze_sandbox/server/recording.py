"""The layer around every request: faults first, the journal last."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from email.utils import format_datetime
from urllib.parse import urlsplit

from aiohttp import web

from braze_sandbox.engine import Engine
from braze_sandbox.errors import RefusedError
from braze_sandbox.journal import Entry
from braze_sandbox.model.fault import Fault
from braze_sandbox.server.answers import ENGINE, json_answer

KEY_NAME: web.RequestKey[str] = web.RequestKey("key_name", str)
REJECT_EVERY: web.RequestKey[int] = web.RequestKey("reject_every", int)
ADMIN = "/_sandbox"
# What browsers ask for beside Braze's calls.
_OWN = ("/", "/favicon.ico")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def explain_refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn refusals and unknown paths into JSON answers."""
    try:
        return await handler(request)
    except RefusedError as error:
        return json_answer(error.body(), status=error.status, headers=error.headers)
    except (web.HTTPNotFound, web.HTTPMethodNotAllowed):
        return json_answer({"message": "Not Found"}, status=404)
    except web.HTTPRequestEntityTooLarge:
        return json_answer({"message": "Request Entity Too Large"}, status=413)


@web.middleware
async def refuse_other_sites(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Keep pages of other sites, open in the same browser, from steering the sandbox."""
    origin = request.headers.get("Origin")
    foreign = origin is not None and urlsplit(origin).netloc != request.host
    if foreign and request.path.startswith(ADMIN) and request.method != "GET":
        message = "The sandbox is steered from its own pages and by programs, not by other sites."
        return json_answer({"message": message}, status=403)
    return await handler(request)


@web.middleware
async def record(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let planned faults strike, and enter the request in the journal; admin calls pass by."""
    if request.path.startswith(ADMIN) or request.path in _OWN:
        return await handler(request)
    engine = request.app[ENGINE]
    started = time.perf_counter()
    await request.read()
    fault = engine.faults.strike(request.path)
    if fault is None:
        answer: web.StreamResponse | None = await handler(request)
    else:
        answer = await _misbehave(engine, fault, request, handler)
    if answer is not None and engine.settings.clock_skew_seconds:
        answer.headers["Date"] = format_datetime(engine.clock(), usegmt=True)
    milliseconds = (time.perf_counter() - started) * 1000
    await _enter(engine, request, answer, fault=fault is not None, milliseconds=milliseconds)
    return answer if answer is not None else _cut(request)


async def _misbehave(
    engine: Engine, fault: Fault, request: web.Request, handler: Handler
) -> web.StreamResponse | None:
    """Return the answer that `fault` orders, None for a connection to cut."""
    await asyncio.sleep(fault.delay_seconds)
    if fault.hold:
        await engine.faults.hold()
    if fault.reject_every is not None:
        request[REJECT_EVERY] = fault.reject_every
    harmless = fault.status is None and not fault.cut and fault.hang_seconds is None
    if fault.after_work or harmless:
        answer = await handler(request)
        if harmless:
            return answer
    if fault.status is not None:
        body = fault.body or {"message": f"sandbox fault {fault.status}"}
        return json_answer(body, status=fault.status, headers=_fault_headers(engine, fault))
    await asyncio.sleep(fault.hang_seconds or 0)
    return None


def _fault_headers(engine: Engine, fault: Fault) -> dict[str, str]:
    wait = str(fault.retry_after)
    if fault.rate_headers == "mau":
        return {"X-Ratelimit-Retry-After": wait}
    if fault.rate_headers == "retry_after":
        return {"Retry-After": wait}
    if fault.rate_headers == "none":
        return {}
    reset = int(engine.clock().timestamp()) + fault.retry_after
    return {
        "X-RateLimit-Limit": "250000",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": str(reset),
    }


def _cut(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


async def _enter(
    engine: Engine,
    request: web.Request,
    answer: web.StreamResponse | None,
    *,
    fault: bool,
    milliseconds: float,
) -> None:
    body = answer.body if isinstance(answer, web.Response) else b""
    engine.journal.add(
        Entry(
            number=engine.journal.next_number(),
            at=engine.clock(),
            method=request.method,
            path=request.path,
            key_name=request.get(KEY_NAME),
            user_agent=request.headers.get("User-Agent"),
            status=0 if answer is None else answer.status,
            milliseconds=round(milliseconds, 3),
            fault=fault,
            request=await request.read(),
            response=body if isinstance(body, bytes) else b"",
            headers=dict(answer.headers) if answer is not None else {},
        )
    )
