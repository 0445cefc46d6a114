"""The calls that give users."""

from braze_sandbox.engine import Engine
from braze_sandbox.export_ids import export_bucket, export_users
from braze_sandbox.model.profile import Profile
from braze_sandbox.segment_export import read_order
from braze_sandbox.segments.members import find_members, resolve_filter
from braze_sandbox.server.endpoint import Call, Endpoint, Result
from braze_sandbox.server.endpoints.lists import UnknownIdError


def export_ids(engine: Engine, call: Call) -> Result:
    """Give users by their identifiers."""
    return Result(
        201,
        export_users(call.workspace.profiles, call.data, engine.settings, now=engine.clock()),
    )


def export_segment(engine: Engine, call: Call) -> Result:
    """Export the members of a segment to a file, in the background."""
    segment_id = _segment_id(call)
    asking = engine.asking(call.workspace)
    members = list(find_members(asking, resolve_filter(asking, segment_id, None)))
    return _start(engine, call, segment_id, members)


def cancel_export(engine: Engine, call: Call) -> Result:
    """Stop the exports of a segment that are under way; that none is makes no difference."""
    engine.exports.cancel((call.workspace.id, _segment_id(call)))
    return Result(201, {"message": "success"})


def export_control_group(engine: Engine, call: Call) -> Result:
    """Export the users of the global control group to a file, in the background."""
    below = engine.settings.global_control_buckets
    members = [p for p in call.workspace.profiles if p.random_bucket < below]
    return _start(engine, call, "", members)


def _segment_id(call: Call) -> str:
    segment_id = call.data.get("segment_id") if isinstance(call.data, dict) else None
    if segment_id not in call.workspace.segments:
        raise UnknownIdError("segment_id", "segment")
    return str(segment_id)


def _start(engine: Engine, call: Call, segment_id: str, members: list[Profile]) -> Result:
    order = read_order(call.data, engine.settings, now=engine.clock())
    place = (call.workspace.id, segment_id)
    ticket = engine.exports.start(place, members, order, origin=call.origin)
    answer = {
        "object_prefix": ticket.object_prefix,
        "url": f"{call.origin}/_sandbox/exports/{ticket.name}",
        "message": "success",
    }
    return Result(201, answer)


ENDPOINTS = (
    Endpoint(
        method="POST",
        path="/users/export/ids",
        permission="users.export.ids",
        bucket=export_bucket,
        act=export_ids,
    ),
    Endpoint(
        method="POST",
        path="/users/export/segment",
        permission="users.export.segment",
        act=export_segment,
    ),
    Endpoint(
        method="POST",
        path="/export/segment/cancel",
        permission="segments.list",
        act=cancel_export,
    ),
    Endpoint(
        method="POST",
        path="/users/export/global_control_group",
        permission="users.export.global_control_group",
        act=export_control_group,
    ),
)
