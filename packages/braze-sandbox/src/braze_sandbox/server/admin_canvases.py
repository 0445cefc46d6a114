"""The admin routes for Canvases with the users in them."""

from collections import Counter
from typing import Any

import msgspec
from aiohttp import web

from braze_sandbox.errors import RefusedError
from braze_sandbox.ids import new_id
from braze_sandbox.model.campaign import ScheduleType, Status
from braze_sandbox.model.canvas import Canvas, Journey, MessageStep, Step
from braze_sandbox.model.content_block import ContentBlock
from braze_sandbox.segments.members import read_filter, resolve_filter
from braze_sandbox.server.answers import (
    ENGINE,
    json_answer,
    query_asking,
    query_number,
    query_workspace,
    read_as,
)
from braze_sandbox.store.workspace import Workspace
from braze_sandbox.webhooks.message import MessageTemplate

_NEWEST = 100


class NewCanvas(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a Canvas is made of; ids are made up if left out."""

    name: str
    steps: tuple[Step, ...]
    segment_id: str | None = None
    filter: dict[str, Any] | None = None
    schedule_type: ScheduleType = "api_triggered"
    event: str | None = None
    exit_event: str | None = None
    exit_filter: dict[str, Any] | None = None
    reenter: bool = True
    status: Status = "active"
    description: str = ""
    tags: tuple[str, ...] = ()
    id: str | None = None


class CanvasChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may change of a Canvas."""

    status: Status


class UnknownCanvasError(RefusedError):
    """No Canvas has this id."""

    def __init__(self, canvas_id: str) -> None:
        super().__init__(
            404, f"There is no Canvas '{canvas_id}'. GET /_sandbox/canvases lists them."
        )


def canvas_routes() -> list[web.RouteDef]:
    """Return the routes under `/_sandbox` for Canvases."""
    return [
        web.get("/_sandbox/canvases", list_canvases),
        web.post("/_sandbox/canvases", add_canvas),
        web.get("/_sandbox/canvases/{id}", get_canvas),
        web.patch("/_sandbox/canvases/{id}", change_canvas),
        web.delete("/_sandbox/canvases/{id}", remove_canvas),
        web.post("/_sandbox/canvases/{id}/launch", launch_canvas),
        web.post("/_sandbox/canvases/{id}/hurry", hurry_canvas),
        web.get("/_sandbox/canvases/{id}/journeys", list_journeys),
    ]


async def list_canvases(request: web.Request) -> web.Response:
    """Give the Canvases of a workspace."""
    return json_answer({"canvases": list(query_workspace(request).shelf(Canvas).values())})


async def add_canvas(request: web.Request) -> web.Response:
    """Create a Canvas of `{"name", "steps", ...}`; an `id` that exists is replaced.

    A step is `{"type": "delay", "seconds": 60}` or `{"type": "message", "webhook": {...}}`.
    """
    engine, workspace = request.app[ENGINE], query_workspace(request)
    new = await read_as(request, NewCanvas)
    resolve_filter(query_asking(request), new.segment_id, new.filter)
    if new.exit_filter is not None:
        read_filter(new.exit_filter, query_asking(request))
    for step in new.steps:
        if isinstance(step, MessageStep):
            MessageTemplate(step.webhook, workspace.shelf(ContentBlock))
    given = {**msgspec.structs.asdict(new), "id": new.id or new_id()}
    steps = tuple(msgspec.structs.replace(s, id=s.id or new_id()) for s in new.steps)
    canvas = Canvas(**{**given, "steps": steps}, variant_id=new_id(), created_at=engine.clock())
    return json_answer(engine.state.put(workspace, canvas), status=201)


async def get_canvas(request: web.Request) -> web.Response:
    """Give one Canvas with the number of users by state."""
    workspace = query_workspace(request)
    canvas = _find(workspace, request)
    states = Counter(j.state for j in _journeys(workspace, canvas))
    return json_answer({**msgspec.structs.asdict(canvas), "journeys": states})


async def change_canvas(request: web.Request) -> web.Response:
    """Change the status of a Canvas: `{"status": "paused"}`."""
    workspace = query_workspace(request)
    change = await read_as(request, CanvasChange)
    canvas = msgspec.structs.replace(_find(workspace, request), status=change.status)
    return json_answer(request.app[ENGINE].state.put(workspace, canvas))


async def remove_canvas(request: web.Request) -> web.Response:
    """Delete a Canvas; who is in it leaves at the next step."""
    workspace = query_workspace(request)
    canvas = _find(workspace, request)
    request.app[ENGINE].state.remove(workspace, Canvas, canvas.id)
    return json_answer({"message": "removed"})


async def launch_canvas(request: web.Request) -> web.Response:
    """Let every member of the segment enter, as on a schedule; answer once nobody moves."""
    engine, workspace = request.app[ENGINE], query_workspace(request)
    entered = engine.journeys.launch(workspace, _find(workspace, request))
    await engine.journeys.settle()
    return json_answer({"entered": len(entered)})


async def hurry_canvas(request: web.Request) -> web.Response:
    """Let all who wait in a delay go on now; answer once nobody moves."""
    engine, workspace = request.app[ENGINE], query_workspace(request)
    hurried = engine.journeys.hurry(workspace, _find(workspace, request).id)
    await engine.journeys.settle()
    return json_answer({"hurried": hurried})


async def list_journeys(request: web.Request) -> web.Response:
    """Give the journeys through a Canvas, the newest first. Query: `limit` (100)."""
    workspace = query_workspace(request)
    journeys = _journeys(workspace, _find(workspace, request))[::-1]
    return json_answer({"journeys": journeys[: query_number(request, "limit", _NEWEST)]})


def _journeys(workspace: Workspace, canvas: Canvas) -> list[Journey]:
    return [j for j in workspace.shelf(Journey).values() if j.canvas_id == canvas.id]


def _find(workspace: Workspace, request: web.Request) -> Canvas:
    canvas_id = request.match_info["id"]
    canvas = workspace.shelf(Canvas).get(canvas_id)
    if canvas is None:
        raise UnknownCanvasError(canvas_id)
    return canvas
