"""The admin routes that steer the sandbox itself."""

from typing import Any

import msgspec
from aiohttp import web

from braze_sandbox.auth.keys import make_key
from braze_sandbox.auth.permissions import PERMISSIONS
from braze_sandbox.errors import RefusedError
from braze_sandbox.ids import new_id
from braze_sandbox.instances import INSTANCES
from braze_sandbox.journal import Entry
from braze_sandbox.limits.policy import list_buckets
from braze_sandbox.model.fault import Fault
from braze_sandbox.model.schedule import Schedule
from braze_sandbox.server.answers import (
    ENGINE,
    json_answer,
    query_flag,
    query_number,
    query_workspace,
    read_as,
)
from braze_sandbox.store.state import DEFAULT_WORKSPACE

_NEWEST = 100


class NewKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a new REST key is made of; everything has a default."""

    key: str | None = None
    name: str = ""
    workspace: str = DEFAULT_WORKSPACE
    permissions: tuple[str, ...] = ()
    allowed_ips: tuple[str, ...] = ()


class NewWorkspace(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a new workspace is made of."""

    id: str
    name: str = ""


class UnknownKeyError(RefusedError):
    """No REST key has this secret."""

    def __init__(self) -> None:
        super().__init__(404, "There is no such REST key. GET /_sandbox/keys lists them.")


def steering_routes() -> list[web.RouteDef]:
    """Return the routes under `/_sandbox` that steer the sandbox."""
    return [
        web.get("/_sandbox/health", health),
        web.get("/_sandbox/settings", get_settings),
        web.patch("/_sandbox/settings", patch_settings),
        web.get("/_sandbox/limits", list_limits),
        web.get("/_sandbox/permissions", list_permissions),
        web.get("/_sandbox/instances", list_instances),
        web.get("/_sandbox/workspaces", list_workspaces),
        web.post("/_sandbox/workspaces", add_workspace),
        web.get("/_sandbox/keys", list_keys),
        web.post("/_sandbox/keys", add_key),
        web.delete("/_sandbox/keys/{key}", remove_key),
        web.get("/_sandbox/data_points", list_data_points),
        web.get("/_sandbox/journal", list_journal),
        web.get("/_sandbox/journal/counts", count_journal),
        web.delete("/_sandbox/journal", clear_journal),
        web.get("/_sandbox/notices", list_notices),
        web.get("/_sandbox/faults", list_faults),
        web.post("/_sandbox/faults", add_fault),
        web.delete("/_sandbox/faults", clear_faults),
        web.post("/_sandbox/faults/release", release_faults),
        web.get("/_sandbox/queue", get_queue),
        web.post("/_sandbox/queue/create", create_ahead),
        web.post("/_sandbox/queue/drain", drain_queue),
        web.get("/_sandbox/schedules", list_schedules),
        web.post("/_sandbox/schedules/hurry", hurry_schedules),
        web.post("/_sandbox/settle", settle),
        web.post("/_sandbox/reset", reset),
    ]


async def health(_: web.Request) -> web.Response:
    """Tell that the sandbox serves."""
    return json_answer({"status": "ok"})


async def get_settings(request: web.Request) -> web.Response:
    """Give the settings in force."""
    return json_answer(request.app[ENGINE].settings)


async def patch_settings(request: web.Request) -> web.Response:
    """Change some settings at once and give all."""
    changes = await read_as(request, dict[str, Any])
    return json_answer(request.app[ENGINE].change_settings(changes))


async def list_limits(request: web.Request) -> web.Response:
    """Give the rate limits by bucket, the settings' own over Braze's."""
    return json_answer({**list_buckets(), **request.app[ENGINE].settings.limits})


async def list_permissions(_: web.Request) -> web.Response:
    """Give the names of all permissions."""
    return json_answer({"permissions": PERMISSIONS})


async def list_instances(_: web.Request) -> web.Response:
    """Give Braze's instances with the addresses of their dashboards and REST endpoints."""
    return json_answer({"instances": INSTANCES})


async def list_workspaces(request: web.Request) -> web.Response:
    """Give the workspaces with their number of users."""
    workspaces = request.app[ENGINE].state.workspaces.values()
    shown = [{"id": w.id, "name": w.name, "users": len(w.profiles)} for w in workspaces]
    return json_answer({"workspaces": shown})


async def add_workspace(request: web.Request) -> web.Response:
    """Create a workspace of `{"id", "name"}`; one that exists stays as it is."""
    new = await read_as(request, NewWorkspace)
    workspace = request.app[ENGINE].state.add_workspace(new.id, new.name or new.id)
    return json_answer({"id": workspace.id, "name": workspace.name}, status=201)


async def list_keys(request: web.Request) -> web.Response:
    """Give all REST keys, with their secrets: they open nothing but this sandbox."""
    return json_answer({"keys": request.app[ENGINE].state.list_keys()})


async def add_key(request: web.Request) -> web.Response:
    """Create a REST key of `{"key", "name", "workspace", "permissions", "allowed_ips"}`.

    Everything may be left out: then the secret is made up and all permissions are given.
    """
    engine = request.app[ENGINE]
    new = await read_as(request, NewKey)
    key = make_key(
        new.key or new_id(),
        workspace=new.workspace,
        now=engine.clock(),
        name=new.name,
        permissions=new.permissions,
        allowed_ips=new.allowed_ips,
    )
    return json_answer(engine.state.add_key(key), status=201)


async def remove_key(request: web.Request) -> web.Response:
    """Delete a REST key."""
    if not request.app[ENGINE].state.remove_key(request.match_info["key"]):
        raise UnknownKeyError
    return json_answer({"message": "removed"})


async def list_data_points(request: web.Request) -> web.Response:
    """Give the data points of a workspace by key, kind and name, the largest first."""
    meter = query_workspace(request).meter
    return json_answer({"total": meter.total(), "lines": meter.lines()})


async def list_journal(request: web.Request) -> web.Response:
    """Give the last requests, the newest first.

    Query: `limit` (100), `path` (a prefix), `status`, `after` (an entry number), `bodies` (1 adds
    request and response as text).
    """
    status = query_number(request, "status", -1)
    entries = request.app[ENGINE].journal.newest(
        limit=query_number(request, "limit", _NEWEST),
        path=request.query.get("path", ""),
        status=None if status < 0 else status,
        after=query_number(request, "after", 0),
    )
    bodies = query_flag(request, "bodies")
    return json_answer({"entries": [_show_entry(entry, bodies=bodies) for entry in entries]})


async def count_journal(request: web.Request) -> web.Response:
    """Give the number of requests by path and status since the start or the last reset."""
    counts = request.app[ENGINE].journal.counts()
    shown = [{"path": path, "status": status, "requests": n} for path, status, n in counts]
    return json_answer({"counts": shown})


async def clear_journal(request: web.Request) -> web.Response:
    """Forget all requests."""
    request.app[ENGINE].journal.clear()
    return json_answer({"message": "cleared"})


async def list_notices(request: web.Request) -> web.Response:
    """Give what was accepted and silently dropped, the newest first. Query: `limit` (100)."""
    notices = list(request.app[ENGINE].processing.notices)
    limit = query_number(request, "limit", _NEWEST)
    return json_answer({"notices": notices[::-1][:limit]})


async def list_faults(request: web.Request) -> web.Response:
    """Give the faults that can still hit."""
    return json_answer({"faults": request.app[ENGINE].faults.planned()})


async def add_fault(request: web.Request) -> web.Response:
    """Plan a fault; the fields are those of `Fault`."""
    fault = await read_as(request, Fault)
    return json_answer(request.app[ENGINE].faults.plan(fault), status=201)


async def clear_faults(request: web.Request) -> web.Response:
    """Remove all faults."""
    return json_answer({"removed": request.app[ENGINE].faults.clear()})


async def release_faults(request: web.Request) -> web.Response:
    """Let the requests go on that a fault holds."""
    return json_answer({"released": request.app[ENGINE].faults.release()})


async def get_queue(request: web.Request) -> web.Response:
    """Give how many accepted requests wait to be processed."""
    return json_answer({"waiting": request.app[ENGINE].processing.depth()})


async def create_ahead(request: web.Request) -> web.Response:
    """Make users that what waits will create, without attributes.

    Query: `users`, at most so many.
    """
    users = query_number(request, "users", -1)
    most = None if users < 0 else users
    return json_answer({"created": request.app[ENGINE].processing.create_ahead(most)})


async def drain_queue(request: web.Request) -> web.Response:
    """Process all that waits now; `?kind=delete` only the requests of that operation."""
    kind = request.query.get("kind")
    return json_answer({"processed": request.app[ENGINE].processing.drain(kind)})


async def list_schedules(request: web.Request) -> web.Response:
    """Give the sends that wait for their time."""
    schedules = query_workspace(request).shelf(Schedule)
    shown = [{"id": s.id, "kind": s.kind, "due": s.due} for s in schedules.values()]
    return json_answer({"schedules": shown})


async def hurry_schedules(request: web.Request) -> web.Response:
    """Do all sends now that wait for their time."""
    return json_answer({"sent": request.app[ENGINE].schedules.do_due(all_of_them=True)})


async def settle(request: web.Request) -> web.Response:
    """Answer once every message that set out has met its end."""
    await request.app[ENGINE].settle()
    return json_answer({"message": "settled"})


async def reset(request: web.Request) -> web.Response:
    """Forget users, data points, journal and faults; `?all=1` also segments and campaigns."""
    request.app[ENGINE].reset(definitions=query_flag(request, "all"))
    return json_answer({"message": "reset"})


def _show_entry(entry: Entry, *, bodies: bool) -> dict[str, Any]:
    shown = msgspec.structs.asdict(entry)
    request, response = shown.pop("request"), shown.pop("response")
    if bodies:
        shown["request"] = request.decode("utf-8", "replace")
        shown["response"] = response.decode("utf-8", "replace")
    return shown
