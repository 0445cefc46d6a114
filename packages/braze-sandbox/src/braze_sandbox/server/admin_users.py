"""The admin routes that show users with what they did."""

from typing import Any

from aiohttp import web

from braze_sandbox.errors import RefusedError
from braze_sandbox.model.profile import Alias, Profile
from braze_sandbox.segments.members import find_members, resolve_filter
from braze_sandbox.server.answers import (
    ENGINE,
    json_answer,
    query_asking,
    query_number,
    query_workspace,
)
from braze_sandbox.show_user import show_user
from braze_sandbox.store.workspace import Workspace

_PAGE = 1000
_LARGEST_PAGE = 100_000


class UnknownUserError(RefusedError):
    """No user has this identifier."""

    def __init__(self, what: str) -> None:
        super().__init__(404, f"There is no user with {what}. GET /_sandbox/users lists them.")


def user_routes() -> list[web.RouteDef]:
    """Return the routes under `/_sandbox` that show users."""
    return [
        web.get("/_sandbox/users", list_users),
        web.get("/_sandbox/users/count", count_users),
        web.get("/_sandbox/users/{braze_id}", get_user),
        web.get("/_sandbox/events", list_events),
        web.get("/_sandbox/purchases", list_purchases),
        web.get("/_sandbox/attributes", list_attributes),
    ]


async def list_users(request: web.Request) -> web.Response:
    """Give a page of users in order of creation.

    Query: `workspace`, `limit` (1000), `after` (the `next` of the page before), or one of
    `external_id`, `email`, `phone`, `alias_label` with `alias_name`, or `segment` for its members.
    Answer: `users`, `next` (null on the last page), `total`.
    """
    workspace = query_workspace(request)
    limit = min(max(query_number(request, "limit", _PAGE), 1), _LARGEST_PAGE)
    after = query_number(request, "after", 0)
    named = _find_named(request, workspace)
    if named is not None:
        return json_answer(
            {"users": [show_user(p) for p in named], "next": None, "total": len(named)}
        )
    segment = request.query.get("segment")
    if segment is not None:
        asking = query_asking(request)
        members = list(find_members(asking, resolve_filter(asking, segment, None)))
        page = [p for p in members if p.number > after][:limit]
        return _page(page, total=len(members), limit=limit)
    profiles = workspace.profiles
    return _page(profiles.page(after=after, limit=limit), total=len(profiles), limit=limit)


async def count_users(request: web.Request) -> web.Response:
    """Give the number of users, all or those of `?segment=`."""
    workspace = query_workspace(request)
    segment = request.query.get("segment")
    if segment is None:
        return json_answer({"count": len(workspace.profiles)})
    asking = query_asking(request)
    condition = resolve_filter(asking, segment, None)
    return json_answer({"count": sum(1 for _ in find_members(asking, condition))})


async def get_user(request: web.Request) -> web.Response:
    """Give one user by its braze_id."""
    braze_id = request.match_info["braze_id"]
    profile = query_workspace(request).profiles.find(braze_id)
    if profile is None:
        message = f"the braze_id '{braze_id}'"
        raise UnknownUserError(message)
    return json_answer(show_user(profile))


async def list_events(request: web.Request) -> web.Response:
    """Give a page of events in order of arrival. Query: `workspace`, `limit`, `after`."""
    workspace, state = query_workspace(request), request.app[ENGINE].state
    limit = query_number(request, "limit", _PAGE)
    rows = state.deeds.events(workspace.id, after=query_number(request, "after", 0), limit=limit)
    return json_answer({"events": [event for _, event in rows], "next": _next(rows, limit)})


async def list_purchases(request: web.Request) -> web.Response:
    """Give a page of purchases in order of arrival. Query: `workspace`, `limit`, `after`."""
    workspace, state = query_workspace(request), request.app[ENGINE].state
    limit = query_number(request, "limit", _PAGE)
    rows = state.deeds.purchases(workspace.id, after=query_number(request, "after", 0), limit=limit)
    return json_answer({"purchases": [item for _, item in rows], "next": _next(rows, limit)})


async def list_attributes(request: web.Request) -> web.Response:
    """Give the custom attributes of a workspace with their types."""
    return json_answer({"attributes": query_workspace(request).attribute_types})


def _find_named(request: web.Request, workspace: Workspace) -> list[Profile] | None:
    query, profiles = request.query, workspace.profiles
    found: list[Profile | None] | None = None
    if "external_id" in query:
        found = [profiles.find_external(query["external_id"])]
    elif "email" in query:
        found = [*profiles.with_email(query["email"])]
    elif "phone" in query:
        found = [*profiles.with_phone(query["phone"])]
    elif "alias_name" in query:
        alias = Alias(query.get("alias_label", ""), query["alias_name"])
        found = [profiles.find_alias(alias)]
    return None if found is None else [profile for profile in found if profile]


def _page(page: list[Profile], *, total: int, limit: int) -> web.Response:
    last = page[-1].number if len(page) == limit else None
    users = [show_user(profile) for profile in page]
    return json_answer({"users": users, "next": last, "total": total})


def _next(rows: list[tuple[int, Any]], limit: int) -> int | None:
    return rows[-1][0] if len(rows) == limit else None
