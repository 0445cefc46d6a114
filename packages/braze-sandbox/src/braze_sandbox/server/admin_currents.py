"""The admin routes for Currents connectors."""

from typing import Any

import msgspec
from aiohttp import web

from braze_sandbox.errors import RefusedError
from braze_sandbox.ids import new_id
from braze_sandbox.model.currents import Connector
from braze_sandbox.server.answers import ENGINE, json_answer, query_workspace, read_as


class NewConnector(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a connector is made of."""

    url: str
    name: str = "Custom HTTP"
    token: str | None = None
    events: tuple[str, ...] = ()


class UnknownConnectorError(RefusedError):
    """No Currents connector has this id."""

    def __init__(self, connector_id: str) -> None:
        super().__init__(
            404,
            f"There is no Currents connector '{connector_id}'. GET /_sandbox/currents lists them.",
        )


def currents_routes() -> list[web.RouteDef]:
    """Return the routes under `/_sandbox` for Currents."""
    return [
        web.get("/_sandbox/currents", list_connectors),
        web.post("/_sandbox/currents", add_connector),
        web.delete("/_sandbox/currents/{id}", remove_connector),
    ]


async def list_connectors(request: web.Request) -> web.Response:
    """Give the connectors of a workspace with how they do."""
    engine, workspace = request.app[ENGINE], query_workspace(request)
    shown: list[dict[str, Any]] = [
        {
            **msgspec.structs.asdict(connector),
            **msgspec.structs.asdict(engine.currents.standing(workspace, connector)),
        }
        for connector in workspace.shelf(Connector).values()
    ]
    return json_answer({"connectors": shown})


async def add_connector(request: web.Request) -> web.Response:
    """Create a connector of `{"url", "name", "token", "events"}`; it hears what comes later."""
    engine = request.app[ENGINE]
    new = await read_as(request, NewConnector)
    connector = Connector(
        id=new_id(),
        name=new.name,
        url=new.url,
        token=new.token,
        events=new.events,
        created_at=engine.clock(),
    )
    return json_answer(engine.state.put(query_workspace(request), connector), status=201)


async def remove_connector(request: web.Request) -> web.Response:
    """Delete a connector; what waits for it is still sent."""
    connector_id = request.match_info["id"]
    if not request.app[ENGINE].state.remove(query_workspace(request), Connector, connector_id):
        raise UnknownConnectorError(connector_id)
    return json_answer({"message": "removed"})
