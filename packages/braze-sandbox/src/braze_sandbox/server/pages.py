"""The pages in the browser: forms in, HTML out."""

from itertools import islice
from typing import Any

from aiohttp import web

from braze_sandbox.auth.permissions import PERMISSIONS
from braze_sandbox.errors import RefusedError
from braze_sandbox.model.access import RestKey
from braze_sandbox.model.profile import Profile
from braze_sandbox.pages import views
from braze_sandbox.pages.render import read_style, render_page
from braze_sandbox.segments.members import find_members, resolve_filter
from braze_sandbox.server.answers import ENGINE, query_asking, query_number, query_workspace

_PAGE = 50
_MENU = (
    ("", "Overview"),
    ("users", "Users"),
    ("segments", "Segments"),
    ("campaigns", "Campaigns"),
    ("data-points", "Data points"),
    ("journal", "Journal"),
    ("keys", "Keys"),
)


class UnknownPageError(RefusedError):
    """A page shows something that does not exist."""

    def __init__(self, what: str) -> None:
        super().__init__(404, f"There is no {what}. It may have been forgotten.")


def page_routes() -> list[web.RouteDef]:
    """Return the routes of the pages, without the forms that change something."""
    return [
        web.get("/", go_to_pages),
        web.get("/_sandbox", go_to_pages),
        web.get("/_sandbox/style.css", style),
        web.get("/_sandbox/page", overview),
        web.get("/_sandbox/page/", overview),
        web.get("/_sandbox/page/users", users),
        web.get("/_sandbox/page/users/{braze_id}", user),
        web.get("/_sandbox/page/segments", segments),
        web.get("/_sandbox/page/campaigns", campaigns),
        web.get("/_sandbox/page/data-points", data_points),
        web.get("/_sandbox/page/journal", journal),
        web.get("/_sandbox/page/journal/{number}", journal_entry),
        web.get("/_sandbox/page/keys", keys),
    ]


async def go_to_pages(_: web.Request) -> web.Response:
    """Lead from the bare address to the pages."""
    return web.Response(status=302, headers={"Location": "/_sandbox/page"})


async def style(_: web.Request) -> web.Response:
    """Give the style sheet."""
    return web.Response(text=read_style(), content_type="text/css")


async def overview(request: web.Request) -> web.Response:
    """Show the figures of a workspace."""
    shown = views.show_overview(request.app[ENGINE], query_workspace(request))
    return _page(request, "overview", "Overview", here="", **shown)


async def users(request: web.Request) -> web.Response:
    """Show users: a page of all, of a segment, or who has an identifier."""
    workspace = query_workspace(request)
    q, segment_id = request.query.get("q", "").strip(), request.query.get("segment", "")
    after = query_number(request, "after", 0)
    if q:
        found = _find(request, q)
        total, page, following = len(found), found[:_PAGE], None
    else:
        asking = query_asking(request)
        members = find_members(asking, resolve_filter(asking, segment_id or None, None))
        chosen = [p for p in members if p.number > after] if segment_id or after else None
        total = len(workspace.profiles) if chosen is None else len(chosen)
        page = list(islice(members, _PAGE)) if chosen is None else chosen[:_PAGE]
        following = page[-1].number if len(page) == _PAGE else None
    return _page(
        request,
        "users",
        "Users",
        here="users",
        users=[views.show_user_row(profile) for profile in page],
        total=f"{total:,}",
        next=following,
        q=q,
        segment_id=segment_id,
        segments=[{"id": s.id, "name": s.name} for s in workspace.segments.values()],
    )


async def user(request: web.Request) -> web.Response:
    """Show one user."""
    profile = query_workspace(request).profiles.find(request.match_info["braze_id"])
    if profile is None:
        message = f"user '{request.match_info['braze_id']}'"
        raise UnknownPageError(message)
    shown = views.show_user(profile)
    return _page(request, "user", shown["title"], here="users", user=shown)


async def segments(request: web.Request) -> web.Response:
    """Show the segments."""
    shown = views.show_segments(request.app[ENGINE], query_workspace(request))
    return _page(request, "segments", "Segments", here="segments", segments=shown)


async def campaigns(request: web.Request) -> web.Response:
    """Show campaigns and Canvases, with the newest messages."""
    workspace = query_workspace(request)
    lines = list(islice(reversed(request.app[ENGINE].dispatch.activity), _PAGE))
    return _page(
        request,
        "campaigns",
        "Campaigns",
        here="campaigns",
        campaigns=views.show_campaigns(workspace),
        canvases=views.show_canvases(workspace),
        activity=views.show_activity(lines, workspace),
    )


async def data_points(request: web.Request) -> web.Response:
    """Show the data points by key and name."""
    meter = query_workspace(request).meter
    lines = [
        {"name": x.name, "kind": x.kind, "key_name": x.key_name, "points": f"{x.points:,}"}
        for x in meter.lines()[:500]
    ]
    total = f"{meter.total():,}"
    return _page(
        request, "data_points", "Data points", here="data-points", lines=lines, total=total
    )


async def journal(request: web.Request) -> web.Response:
    """Show the newest requests."""
    path, status = request.query.get("path", ""), request.query.get("status", "")
    entries = request.app[ENGINE].journal.newest(
        limit=_PAGE, path=path, status=int(status) if status.isdecimal() else None
    )
    shown = views.show_entries(entries)
    return _page(
        request, "journal", "Journal", here="journal", entries=shown, path=path, status=status
    )


async def journal_entry(request: web.Request) -> web.Response:
    """Show one request with its answer."""
    text = request.match_info["number"]
    number = int(text) if text.isdecimal() else 0
    entry = request.app[ENGINE].journal.find(number)
    if entry is None:
        message = f"request {text}"
        raise UnknownPageError(message)
    title = f"{entry.method} {entry.path}"
    return _page(request, "entry", title, here="journal", entry=views.show_entry(entry))


async def keys(request: web.Request) -> web.Response:
    """Show the REST keys of a workspace, with the form for a new one."""
    workspace = query_workspace(request)
    found = request.app[ENGINE].state.list_keys()
    shown = [_show_key(key) for key in found if key.workspace == workspace.id]
    return _page(request, "keys", "Keys", here="keys", keys=shown)


def _show_key(key: RestKey) -> dict[str, str]:
    everything = set(key.permissions) == set(PERMISSIONS)
    return {
        "name": key.name,
        "key": key.key,
        "permissions": "all" if everything else ", ".join(key.permissions),
        "addresses": ", ".join(key.allowed_ips) or "any",
    }


def _find(request: web.Request, q: str) -> list[Profile]:
    profiles = query_workspace(request).profiles
    named = [profiles.find_external(q), profiles.find(q)]
    found = [*(p for p in named if p), *profiles.with_email(q), *profiles.with_phone(q)]
    found += [p for p in profiles if any(alias.name == q for alias in p.aliases)]
    return list({profile.braze_id: profile for profile in found}.values())


def _page(
    request: web.Request, template: str, title: str, *, here: str, **values: Any
) -> web.Response:
    workspace = query_workspace(request)
    shared = {
        "workspace": {"id": workspace.id, "name": workspace.name},
        "workspaces": [
            {"id": w.id, "name": w.name} for w in request.app[ENGINE].state.workspaces.values()
        ],
        "menu": [{"path": path, "name": name} for path, name in _MENU],
        "here": here,
        "message": request.query.get("message"),
    }
    text = render_page(template, title, {**shared, **values})
    return web.Response(text=text, content_type="text/html")
