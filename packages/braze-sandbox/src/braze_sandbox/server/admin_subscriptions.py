"""The admin routes for subscription groups."""

import msgspec
from aiohttp import web

from braze_sandbox.errors import RefusedError
from braze_sandbox.ids import new_id
from braze_sandbox.model.subscription import Channel, SubscriptionGroup
from braze_sandbox.server.answers import ENGINE, json_answer, query_workspace, read_as


class NewGroup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a subscription group is made of; `id` is made up if left out."""

    name: str
    channel: Channel = "email"
    id: str | None = None


class UnknownGroupError(RefusedError):
    """No subscription group has this id."""

    def __init__(self, group_id: str) -> None:
        super().__init__(
            404,
            f"There is no subscription group '{group_id}'. GET /_sandbox/subscription_groups "
            "lists them.",
        )


def subscription_routes() -> list[web.RouteDef]:
    """Return the routes under `/_sandbox` for subscription groups."""
    return [
        web.get("/_sandbox/subscription_groups", list_groups),
        web.post("/_sandbox/subscription_groups", add_group),
        web.delete("/_sandbox/subscription_groups/{id}", remove_group),
    ]


async def list_groups(request: web.Request) -> web.Response:
    """Give the subscription groups of a workspace."""
    groups = query_workspace(request).shelf(SubscriptionGroup)
    return json_answer({"subscription_groups": list(groups.values())})


async def add_group(request: web.Request) -> web.Response:
    """Create a group of `{"name", "channel", "id"}`; an `id` that exists is replaced."""
    engine = request.app[ENGINE]
    new = await read_as(request, NewGroup)
    group = SubscriptionGroup(
        id=new.id or new_id(), name=new.name, channel=new.channel, created_at=engine.clock()
    )
    return json_answer(engine.state.put(query_workspace(request), group), status=201)


async def remove_group(request: web.Request) -> web.Response:
    """Delete a subscription group; users keep their state in it."""
    group_id = request.match_info["id"]
    workspace = query_workspace(request)
    if not request.app[ENGINE].state.remove(workspace, SubscriptionGroup, group_id):
        raise UnknownGroupError(group_id)
    return json_answer({"message": "removed"})
