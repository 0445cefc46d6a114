"""The calls for subscription groups."""

from braze_sandbox.engine import Engine
from braze_sandbox.server.endpoint import Call, Endpoint, Result, do
from braze_sandbox.server.paging import read_offset
from braze_sandbox.users.subscriptions import read_changes, show_status, show_users

_USERS_A_PAGE = 100


def set_status(engine: Engine, call: Call) -> Result:
    """Set the state of users in a group (version 1), or in several (version 2)."""
    read_changes(call.data, call.workspace, limit=engine.settings.user_ids)
    do(engine, call, "subscription_status")
    return Result(201, {"message": "success"})


def get_status(_: Engine, call: Call) -> Result:
    """Give the state of users in a group."""
    status = show_status(call.workspace, call.one("subscription_group_id") or "", call.query)
    return Result(200, {"status": status, "message": "success"})


def get_users(_: Engine, call: Call) -> Result:
    """Give users with all their groups."""
    users = show_users(call.workspace, call.query)
    offset, limit = read_offset(call.query, largest=_USERS_A_PAGE)
    page = users[offset : offset + limit]
    return Result(200, {"users": page, "total_count": len(users), "message": "success"})


ENDPOINTS = (
    *(
        Endpoint(
            method="POST",
            path=path,
            permission="subscription.status.set",
            bucket=lambda _: "subscription.status.set",
            act=set_status,
        )
        for path in ("/subscription/status/set", "/v2/subscription/status/set")
    ),
    Endpoint(
        method="GET",
        path="/subscription/status/get",
        permission="subscription.status.get",
        act=get_status,
    ),
    Endpoint(
        method="GET",
        path="/subscription/user/status",
        permission="subscription.groups.get",
        act=get_users,
    ),
)
