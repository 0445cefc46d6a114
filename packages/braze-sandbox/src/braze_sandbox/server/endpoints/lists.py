"""The calls that list what a workspace holds, with the details of each."""

from collections.abc import Callable
from datetime import datetime
from operator import attrgetter
from typing import Any, TypeVar

from braze_sandbox.engine import Engine
from braze_sandbox.errors import RefusedError
from braze_sandbox.model.campaign import Campaign
from braze_sandbox.model.canvas import Canvas, DelayStep, Step
from braze_sandbox.segments.members import find_members, resolve_filter
from braze_sandbox.server.endpoint import Call, Endpoint, Result
from braze_sandbox.server.paging import BadPageError, read_number, take_page
from braze_sandbox.times import format_time, parse_time

_PAGE = 100
_EVENTS_A_PAGE = 250
_ATTRIBUTES_A_PAGE = 50
_T = TypeVar("_T", Campaign, Canvas)


class UnknownIdError(RefusedError):
    """No campaign, Canvas or segment has the id; recorded for Canvases."""

    def __init__(self, parameter: str, what: str) -> None:
        super().__init__(400, f"{parameter} must be a string of the {what} api identifier")


def list_campaigns(_: Engine, call: Call) -> Result:
    """Give the campaigns, the oldest first."""
    campaigns = [
        {
            "id": campaign.id,
            "last_edited": _stamp(campaign.created_at),
            "name": campaign.name,
            "is_api_campaign": False,  # Braze means campaigns whose message is in the request.
            "tags": campaign.tags,
        }
        for campaign in _page_of(call, call.workspace.campaigns)
    ]
    return Result(200, {"campaigns": campaigns, "message": "success"})


def campaign_details(_: Engine, call: Call) -> Result:
    """Give one campaign."""
    campaign = call.workspace.campaigns.get(call.one("campaign_id") or "")
    if campaign is None:
        raise UnknownIdError("campaign_id", "campaign")
    message = {"channel": "webhook", "name": campaign.message_name, "url": campaign.webhook.url}
    answer = {
        "message": "success",
        **_shared_details(campaign),
        "channels": ["webhook"],
        "first_sent": _stamp(campaign.first_sent),
        "last_sent": _stamp(campaign.last_sent),
        "messages": {campaign.message_id: message},
        "conversion_behaviors": [],
    }
    return Result(200, answer)


def list_canvases(_: Engine, call: Call) -> Result:
    """Give the Canvases, the oldest first."""
    canvases = [
        {
            "id": canvas.id,
            "last_edited": _stamp(canvas.created_at),
            "name": canvas.name,
            "tags": canvas.tags,
        }
        for canvas in _page_of(call, call.workspace.shelf(Canvas))
    ]
    return Result(200, {"canvases": canvases, "message": "success"})


def canvas_details(_: Engine, call: Call) -> Result:
    """Give one Canvas with its steps."""
    canvas = call.workspace.shelf(Canvas).get(call.one("canvas_id") or "")
    if canvas is None:
        raise UnknownIdError("canvas_id", "Canvas")
    variant = {
        "name": canvas.variant_name,
        "id": canvas.variant_id,
        "first_step_ids": [step.id for step in canvas.steps[:1]],
    }
    answer = {
        **_shared_details(canvas),
        "first_entry": _stamp(canvas.first_entry),
        "last_entry": _stamp(canvas.last_entry),
        "channels": ["webhook"],
        "variants": [variant],
        "steps": [_show_step(step, canvas.steps[n + 1 :]) for n, step in enumerate(canvas.steps)],
        "message": "success",
    }
    return Result(200, answer)


def list_segments(_: Engine, call: Call) -> Result:
    """Give the segments, the oldest first."""
    segments = list(call.workspace.segments.values())
    page = take_page(_in_order(call, segments, lambda s: s.created_at), call.query, size=_PAGE)
    shown = [
        {"id": s.id, "name": s.name, "analytics_tracking_enabled": True, "tags": s.tags}
        for s in page
    ]
    return Result(200, {"segments": shown, "message": "success"})


def segment_details(_: Engine, call: Call) -> Result:
    """Give one segment."""
    segment = call.workspace.segments.get(call.one("segment_id") or "")
    if segment is None:
        raise UnknownIdError("segment_id", "segment")
    answer: dict[str, Any] = {
        "message": "success",
        "created_at": _stamp(segment.created_at),
        "updated_at": _stamp(segment.created_at),
        "name": segment.name,
        "description": segment.description,
        "text_description": str(segment.filter),
        "tags": segment.tags,
        "teams": [],
    }
    return Result(200, answer)


def segment_sizes(engine: Engine, call: Call) -> Result:
    """Give the size of a segment today; no history is kept, so there is one day."""
    segment_id = call.one("segment_id") or ""
    if segment_id not in call.workspace.segments:
        raise UnknownIdError("segment_id", "segment")
    if not 1 <= read_number(call.query, "length", default=1, lowest=1) <= _PAGE:
        raise BadPageError("length")
    asking = engine.asking(call.workspace)
    condition = resolve_filter(asking, segment_id, None)
    size = sum(1 for _ in find_members(asking, condition))
    day = {"time": f"{asking.now:%Y-%m-%d}", "size": size}
    return Result(200, {"data": [day], "message": "success"})


def list_events(engine: Engine, call: Call) -> Result:
    """Give the names of custom events."""
    names = [name for name, _ in engine.state.deeds.names(call.workspace.id, "event")]
    page = take_page(names, call.query, size=_EVENTS_A_PAGE)
    return Result(200, {"events": page, "message": "success"})


def list_products(engine: Engine, call: Call) -> Result:
    """Give the ids of products that were bought."""
    names = [name for name, _ in engine.state.deeds.names(call.workspace.id, "purchase")]
    page = take_page(names, call.query, size=_EVENTS_A_PAGE)
    return Result(200, {"products": page, "message": "success"})


def list_attributes(_: Engine, call: Call) -> Result:
    """Give the custom attributes with their types; `Link` leads to the next page."""
    cursor = call.one("cursor") or ""
    names = sorted(name for name in call.workspace.attribute_types if name > cursor)
    page = names[:_ATTRIBUTES_A_PAGE]
    attributes: list[dict[str, Any]] = [
        {
            "array_length": None,
            "data_type": call.workspace.attribute_types[name],
            "description": None,
            "name": name,
            "status": "Active",
            "tag_names": [],
        }
        for name in page
    ]
    more = len(names) > len(page)
    link = f'<{call.origin}/custom_attributes?cursor={page[-1]}>; rel="next"' if more else ""
    headers = {"Link": link} if more else {}
    return Result(200, {"attributes": attributes, "message": "success"}, headers)


def _page_of(call: Call, shelf: dict[str, _T]) -> list[_T]:
    archived = (call.one("include_archived") or "").lower() == "true"
    kept = [item for item in shelf.values() if archived or item.status != "archived"]
    since = parse_time(call.one("last_edit.time[gt]") or "")
    if since is not None:
        kept = [item for item in kept if item.created_at > since]
    return take_page(_in_order(call, kept, attrgetter("created_at")), call.query, size=_PAGE)


_Any = TypeVar("_Any")


def _in_order(call: Call, items: list[_Any], created: Callable[[_Any], datetime]) -> list[_Any]:
    return sorted(items, key=created, reverse=call.one("sort_direction") == "desc")


def _shared_details(sent: Campaign | Canvas) -> dict[str, Any]:
    return {
        "created_at": _stamp(sent.created_at),
        "updated_at": _stamp(sent.created_at),
        "archived": sent.status == "archived",
        "draft": sent.status == "draft",
        "name": sent.name,
        "description": sent.description,
        "schedule_type": sent.schedule_type,
        "tags": sent.tags,
        "teams": [],
    }


def _show_step(step: Step, later: tuple[Step, ...]) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "name": step.name,
        "type": "delay" if isinstance(step, DelayStep) else "message",
        "id": step.id,
        "next_step_ids": [follower.id for follower in later[:1]],
    }
    if isinstance(step, DelayStep):
        return shown
    return {**shown, "channels": ["webhook"], "messages": {step.id: {"channel": "webhook"}}}


def _stamp(moment: datetime | None) -> str | None:
    return None if moment is None else format_time(moment)


def _bucket(name: str) -> Callable[[Any], str]:
    return lambda _: name


ENDPOINTS = tuple(
    Endpoint(method="GET", path=path, permission=permission, bucket=_bucket(bucket), act=act)
    for path, permission, bucket, act in (
        ("/campaigns/list", "campaigns.list", "other", list_campaigns),
        ("/campaigns/details", "campaigns.details", "other", campaign_details),
        ("/canvas/list", "canvas.list", "other", list_canvases),
        ("/canvas/details", "canvas.details", "other", canvas_details),
        ("/segments/list", "segments.list", "other", list_segments),
        ("/segments/details", "segments.details", "other", segment_details),
        ("/segments/data_series", "segments.data_series", "other", segment_sizes),
        ("/events/list", "events.list", "names", list_events),
        ("/purchases/product_list", "purchases.product_list", "names", list_products),
        ("/custom_attributes", "custom_attributes.get", "names", list_attributes),
    )
)
