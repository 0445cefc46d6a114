"""The list of Braze's own endpoints."""

from aiohttp import web

from braze_sandbox.server.endpoint import handler
from braze_sandbox.server.endpoints import (
    catalogs,
    email,
    export,
    lists,
    schedules,
    sends,
    series,
    subscriptions,
    track,
    users,
)

ENDPOINTS = (
    *track.ENDPOINTS,
    *users.ENDPOINTS,
    *export.ENDPOINTS,
    *subscriptions.ENDPOINTS,
    *email.ENDPOINTS,
    *lists.ENDPOINTS,
    *sends.ENDPOINTS,
    *series.ENDPOINTS,
    *schedules.ENDPOINTS,
    *catalogs.ENDPOINTS,
)


def rest_routes() -> list[web.RouteDef]:
    """Return the routes of all endpoints."""
    return [web.route(e.method, e.path, handler(e)) for e in ENDPOINTS]
