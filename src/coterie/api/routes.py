"""All routes of the API, ready for the composition root."""

from collections.abc import Sequence

import msgspec
from litestar import Router
from litestar.di import Provide
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp, Receive, Scope, Send

from coterie.api.dependencies import ApiDependencies
from coterie.api.failures import as_http_response, as_response, as_too_deep
from coterie.api.handlers import HANDLERS
from coterie.api.reads import READ_PREFIXES, ReadDoor, find_reading
from coterie.api.resources import find_grant
from coterie.api.state import ApiState
from coterie.api.targets import COLLECT_PREFIXES
from coterie.base.errors import CoterieError


class Api(msgspec.Struct, frozen=True):
    """The API's parts of the web application.

    `handlers` and `state.lifespan` go into the Litestar application; `with_doors` wraps it.
    """

    state: ApiState
    handlers: Sequence[Router]
    reads: ReadDoor


def build_api(dependencies: ApiDependencies) -> Api:
    """Return the API's routes, all but those in front of litestar as handlers of it."""
    state = ApiState(dependencies)

    def give_state() -> ApiState:
        return state

    router = Router(
        path="/",
        route_handlers=HANDLERS,
        dependencies={
            "api": Provide(give_state, sync_to_thread=False),
            "grant": Provide(find_grant),
        },
        exception_handlers={
            CoterieError: as_response,
            HTTPException: as_http_response,
            RecursionError: as_too_deep,
            Exception: as_response,
        },
    )
    return Api(state, [router], ReadDoor(state.tokens, dependencies))


def with_doors(app: ASGIApp, api: Api) -> ASGIApp:
    """Return `app` with the collect routes and the reads of one person in front of it."""

    async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP:
            path = scope["path"]
            if path.startswith(COLLECT_PREFIXES):
                await api.state.door(scope, receive, send)
                return
            if path.startswith(READ_PREFIXES) and (reading := find_reading(scope["raw_path"])):
                await api.reads(reading, scope, send)
                return
        await app(scope, receive, send)

    return dispatch
