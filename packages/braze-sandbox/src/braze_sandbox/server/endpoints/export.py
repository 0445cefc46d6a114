"""The calls that give users."""

from braze_sandbox.engine import Engine
from braze_sandbox.export_ids import export_bucket, export_users
from braze_sandbox.server.endpoint import Call, Endpoint, Result


def export_ids(engine: Engine, call: Call) -> Result:
    """Give users by their identifiers."""
    return Result(201, export_users(call.workspace.profiles, call.data, engine.settings))


ENDPOINTS = (
    Endpoint(
        method="POST",
        path="/users/export/ids",
        permission="users.export.ids",
        bucket=export_bucket,
        act=export_ids,
    ),
)
