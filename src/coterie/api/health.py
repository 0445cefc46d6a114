"""Whether this process lives, whether it can take events, and its figures."""

from ipaddress import ip_address
from typing import Any

from litestar import MediaType, Request, Response, get
from litestar.di import NamedDependency

from coterie.api.auth import check_scope, presented_token
from coterie.api.state import ApiState
from coterie.base.metrics import CONTENT_TYPE, render_metrics

FORWARDED = ("forwarded", "x-forwarded-for")


@get("/health/live", summary="Whether the process answers", tags=["health"])
async def live() -> dict[str, str]:
    """Answer as long as the event loop turns."""
    return {"status": "live"}


@get("/health/ready", summary="Whether events can be taken", tags=["health"])
async def ready(api: NamedDependency[ApiState]) -> dict[str, str]:
    """Answer 200 if the log can be written now, else 503."""
    await api.collector.check()
    return {"status": "ready"}


@get("/metrics", summary="Figures for Prometheus", media_type=MediaType.TEXT, tags=["health"])
async def metrics(
    request: Request[Any, Any, Any], api: NamedDependency[ApiState]
) -> Response[bytes]:
    """Return the figures of this process to the same machine, or to a token with observer."""
    if not is_local(request):
        token = presented_token(request.query_params, request.headers.get("authorization", ""))
        check_scope(await api.tokens.get_grant(token), "observer")
    return Response(render_metrics(), media_type=CONTENT_TYPE)


def is_local(request: Request[Any, Any, Any]) -> bool:
    """Answer whether the request comes from this machine and was not passed on by a proxy."""
    if any(name in request.headers for name in FORWARDED) or request.client is None:
        return False
    try:
        return ip_address(request.client.host).is_loopback
    except ValueError:
        return False
