"""The calls that send messages later."""

from collections.abc import Callable
from typing import Any

from braze_sandbox.engine import Engine
from braze_sandbox.ids import new_dispatch_id, new_id
from braze_sandbox.inline import read_inline
from braze_sandbox.model.canvas import Canvas
from braze_sandbox.model.schedule import Schedule, SendKind
from braze_sandbox.schedules import UnknownScheduleError, read_due
from braze_sandbox.sends import read_trigger
from braze_sandbox.server.endpoint import Call, Endpoint, Result
from braze_sandbox.server.endpoints import sends
from braze_sandbox.store.workspace import Workspace


def schedule_message(engine: Engine, call: Call) -> Result:
    """Send a message that stands in the request, at its time."""
    read_inline(call.data, engine.settings)
    return _schedule(engine, call, "messages")


def schedule_campaign(engine: Engine, call: Call) -> Result:
    """Send a campaign at a time."""
    if sends.read_text(call, "campaign_id") not in call.workspace.campaigns:
        raise sends.InvalidCampaignError
    read_trigger(call.data, engine.settings, properties=("trigger_properties",))
    return _schedule(engine, call, "campaigns")


def schedule_canvas(engine: Engine, call: Call) -> Result:
    """Let recipients enter a Canvas at a time."""
    if sends.read_text(call, "canvas_id") not in call.workspace.shelf(Canvas):
        raise sends.InvalidCanvasError
    read_trigger(call.data, engine.settings, properties=sends.CANVAS_PROPERTIES)
    return _schedule(engine, call, "canvas")


def delete_schedule(engine: Engine, call: Call) -> Result:
    """Forget a send that waits."""
    schedule_id = sends.read_text(call, "schedule_id")
    if not schedule_id:
        raise UnknownScheduleError
    engine.schedules.remove(call.workspace, schedule_id)
    return Result(201, {"message": "success"})


def make_sender(engine: Engine) -> Callable[[Workspace, Schedule], None]:
    """Return the function that does a send whose time has come."""
    acts: dict[SendKind, Callable[[Engine, Call], Result]] = {
        "messages": sends.send_message,
        "campaigns": sends.trigger_campaign,
        "canvas": sends.trigger_canvas,
    }

    def send(workspace: Workspace, schedule: Schedule) -> None:
        key = engine.state.find_key(schedule.key)
        # A key that was deleted meanwhile sends nothing any more.
        if key is not None:
            call = Call(key, workspace, b"", schedule.body, {}, {}, "")
            acts[schedule.kind](engine, call)

    return send


def _schedule(engine: Engine, call: Call, kind: SendKind) -> Result:
    schedule = Schedule(
        id=new_id(),
        kind=kind,
        key=call.key.key,
        body=call.data,
        due=read_due(call.data, now=engine.clock()),
    )
    engine.schedules.add(call.workspace, schedule)
    answer = {
        "dispatch_id": new_dispatch_id(),
        "schedule_id": schedule.id,
        "message": "success",
    }
    return Result(201, answer)


_CREATE: tuple[tuple[str, Callable[[Engine, Call], Result]], ...] = (
    ("messages/schedule", schedule_message),
    ("campaigns/trigger/schedule", schedule_campaign),
    ("canvas/trigger/schedule", schedule_canvas),
)


def _bucket(_: Any) -> str:
    return "other"


ENDPOINTS = tuple(
    Endpoint(
        method="POST",
        path=f"/{path}/{what}",
        permission=f"{path.replace('/', '.')}.{what}",
        bucket=bucket,
        act=act,
    )
    for path, create in _CREATE
    for what, bucket, act in (
        ("create", sends.bucket, create),
        ("delete", _bucket, delete_schedule),
    )
)
