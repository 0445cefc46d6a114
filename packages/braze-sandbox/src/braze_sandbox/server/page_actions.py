"""The forms of the pages; each does one thing and leads back with a word about it."""

import asyncio
from urllib.parse import urlencode

from aiohttp import web

from braze_sandbox.auth.keys import make_key
from braze_sandbox.errors import RefusedError
from braze_sandbox.ids import new_id
from braze_sandbox.model.canvas import Canvas
from braze_sandbox.server.answers import ENGINE, query_asking, query_workspace
from braze_sandbox.webhooks.firing import Recipient

PATIENCE_SECONDS = 10.0


def action_routes() -> list[web.RouteDef]:
    """Return the routes that the forms of the pages lead to."""
    return [
        web.post("/_sandbox/page/keys", create_key),
        web.post("/_sandbox/page/campaigns/{id}/fire", fire_campaign),
        web.post("/_sandbox/page/canvases/{id}/launch", launch_canvas),
        web.post("/_sandbox/page/canvases/{id}/hurry", hurry_canvas),
        web.post("/_sandbox/page/drain", drain),
        web.post("/_sandbox/page/clear-faults", clear_faults),
    ]


async def create_key(request: web.Request) -> web.Response:
    """Create a REST key."""
    engine, workspace = request.app[ENGINE], query_workspace(request)
    form = await request.post()
    try:
        key = make_key(
            new_id(),
            workspace=workspace.id,
            now=engine.clock(),
            name=str(form.get("name", "")).strip()[:100],
            permissions=str(form.get("permissions", "")).replace(",", " ").split(),
            allowed_ips=str(form.get("allowed_ips", "")).replace(",", " ").split(),
        )
    except RefusedError as error:
        return _back(request, "keys", f"No key was created. {error.message}")
    made = engine.state.add_key(key)
    return _back(request, "keys", f"The key “{made.name}” was created.")


async def fire_campaign(request: web.Request) -> web.Response:
    """Fire a campaign, at its segment or at one user, and wait for the end."""
    engine, workspace = request.app[ENGINE], query_workspace(request)
    campaign = workspace.campaigns.get(request.match_info["id"])
    if campaign is None:
        return _back(request, "campaigns", "That campaign is gone.")
    form = await request.post()
    external_id = str(form.get("external_id", "")).strip()
    profile = workspace.profiles.find_external(external_id) if external_id else None
    if external_id and profile is None:
        return _back(request, "campaigns", f"Nothing was sent: no user is called {external_id}.")
    only = None if profile is None else [Recipient(profile)]
    try:
        report = engine.firing.start(query_asking(request), campaign, only=only)
    except RefusedError as error:
        return _back(request, "campaigns", f"Nothing was sent. {error.message}")
    waiting = asyncio.create_task(engine.firing.wait(report.dispatch_id))
    await asyncio.wait({waiting}, timeout=PATIENCE_SECONDS)
    if not waiting.done():
        # The receiver is slow, or messages are tried again, which may take minutes.
        waiting.cancel()
        words = f"“{campaign.name}” is on its way to {_count_of(report.matched, 'user')}."
        return _back(request, "campaigns", words)
    report = waiting.result()
    words = (
        f"“{campaign.name}” reached {report.succeeded} of {_count_of(report.matched, 'user')}, "
        f"{report.failed} failed, {report.aborted} aborted."
    )
    return _back(request, "campaigns", words)


async def launch_canvas(request: web.Request) -> web.Response:
    """Let the segment of a Canvas enter."""
    engine, workspace = request.app[ENGINE], query_workspace(request)
    canvas = workspace.shelf(Canvas).get(request.match_info["id"])
    if canvas is None:
        return _back(request, "campaigns", "That Canvas is gone.")
    try:
        entered = engine.journeys.launch(workspace, canvas)
    except RefusedError as error:
        return _back(request, "campaigns", f"Nobody entered. {error.message}")
    await engine.journeys.settle()
    return _back(
        request, "campaigns", f"{_count_of(len(entered), 'user')} entered “{canvas.name}”."
    )


async def hurry_canvas(request: web.Request) -> web.Response:
    """End the delays of a Canvas."""
    engine, workspace = request.app[ENGINE], query_workspace(request)
    hurried = engine.journeys.hurry(workspace, request.match_info["id"])
    await engine.journeys.settle()
    return _back(request, "campaigns", f"{_count_of(hurried, 'user')} went on.")


async def drain(request: web.Request) -> web.Response:
    """Process what waits."""
    count = request.app[ENGINE].processing.drain()
    return _back(request, "", f"Processed: {_count_of(count, 'request')}.")


async def clear_faults(request: web.Request) -> web.Response:
    """Remove all planned faults."""
    count = request.app[ENGINE].faults.clear()
    return _back(request, "", f"Removed: {_count_of(count, 'fault')}.")


def _count_of(number: int, noun: str) -> str:
    """Return a number with its noun: `1 user`, `1,234 users`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _back(request: web.Request, page: str, message: str) -> web.Response:
    query = urlencode({"workspace": query_workspace(request).id, "message": message})
    return web.Response(status=303, headers={"Location": f"/_sandbox/page/{page}?{query}"})
