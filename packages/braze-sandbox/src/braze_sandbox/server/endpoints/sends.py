"""The calls that send messages."""

import hashlib
from functools import partial
from typing import Any

import msgspec

from braze_sandbox.engine import Engine
from braze_sandbox.errors import RefusedError
from braze_sandbox.ids import new_dispatch_id
from braze_sandbox.inline import inline_campaign, read_inline
from braze_sandbox.model.campaign import Campaign
from braze_sandbox.model.canvas import Canvas
from braze_sandbox.operations import Job
from braze_sandbox.segments.members import find_members, resolve_filter
from braze_sandbox.sends import Addressee, Send, read_trigger
from braze_sandbox.server.endpoint import Call, Endpoint, Result
from braze_sandbox.track.process import process_track
from braze_sandbox.track.request import TrackRequest, read_track
from braze_sandbox.users.naming import find_named
from braze_sandbox.webhooks.firing import Recipient

CANVAS_PROPERTIES = ("context", "canvas_entry_properties")
_NOT_SENT = {
    "paused": "The campaign or Canvas is paused. Resume it so that messages are sent.",
    "stopped": "The campaign or Canvas is stopped. Resume it so that messages are sent.",
    "archived": "The campaign or Canvas is archived. Unarchive it so that messages are sent.",
    "draft": "The campaign or Canvas is a draft. Launch it so that messages are sent.",
}


class InvalidCampaignError(RefusedError):
    """No campaign has this id; documented."""

    def __init__(self) -> None:
        super().__init__(400, "Invalid Campaign ID")


class InvalidCanvasError(RefusedError):
    """No Canvas has this id; the wording is ours."""

    def __init__(self) -> None:
        super().__init__(400, "Invalid Canvas ID")


def trigger_campaign(engine: Engine, call: Call) -> Result:
    """Send a campaign to recipients, or to its segment."""
    campaign = call.workspace.campaigns.get(read_text(call, "campaign_id"))
    if campaign is None:
        raise InvalidCampaignError
    send = read_trigger(call.data, engine.settings, properties=("trigger_properties",))
    recipients = _find_recipients(engine, call, send, campaign)
    if campaign.status != "active":
        return _not_sent(campaign)
    if engine.settings.blackhole:
        return _sent(new_dispatch_id())
    asking = engine.asking(call.workspace)
    report = engine.firing.start(asking, campaign, only=recipients)
    return _sent(report.dispatch_id)


def trigger_canvas(engine: Engine, call: Call) -> Result:
    """Let recipients, or its segment, enter a Canvas."""
    canvas = call.workspace.shelf(Canvas).get(read_text(call, "canvas_id"))
    if canvas is None:
        raise InvalidCanvasError
    send = read_trigger(call.data, engine.settings, properties=CANVAS_PROPERTIES)
    recipients = _find_recipients(engine, call, send, canvas)
    if canvas.status != "active":
        return _not_sent(canvas)
    if engine.settings.blackhole:
        return _sent(new_dispatch_id())
    dispatch_id, _ = engine.journeys.enter(call.workspace, canvas, recipients)
    return _sent(dispatch_id)


def send_message(engine: Engine, call: Call) -> Result:
    """Send a webhook of the request; messages of other channels are accepted and not sent."""
    request = read_inline(call.data, engine.settings)
    known = call.workspace.campaigns.get(request.campaign_id or "")
    if request.campaign_id is not None and known is None:
        raise InvalidCampaignError
    webhook = request.webhook
    if webhook is None or engine.settings.blackhole:
        return _sent(new_dispatch_id())
    campaign = inline_campaign(webhook, known, request, now=engine.clock())
    recipients = _find_recipients(engine, call, request.send, campaign)
    asking = engine.asking(call.workspace)
    report = engine.firing.start(asking, campaign, only=recipients, is_kept=known is not None)
    return _sent(report.dispatch_id)


def bucket(data: Any) -> str:
    """Return the rate limit that holds: narrow for segments, narrower for each audience."""
    audience = data.get("audience") if isinstance(data, dict) else None
    if audience:
        digest = hashlib.sha256(msgspec.json.encode(audience, order="deterministic"))
        return f"messages.audience {digest.hexdigest()}"
    wide = isinstance(data, dict) and data.get("broadcast")
    return "messages.broadcast" if wide else "messages"


def _find_recipients(
    engine: Engine, call: Call, send: Send, sent: Campaign | Canvas
) -> list[Recipient]:
    """Return who gets a message: each once, in the segment, with its own properties."""
    _write_attributes(engine, call, send)
    asking, profiles = engine.asking(call.workspace), call.workspace.profiles
    condition = resolve_filter(asking, sent.segment_id, sent.filter)
    audience = resolve_filter(asking, None, send.audience)
    if send.is_wide() and not send.addressees:
        return [
            Recipient(profile, send.occasion)
            for profile in find_members(asking, condition)
            if audience is None or audience(profile)
        ]
    found: dict[str, Recipient] = {}
    for addressee in send.addressees:
        profile = find_named(profiles, addressee.name)
        if profile is None or (condition is not None and not condition(profile)):
            continue
        if audience is None or audience(profile):
            found.setdefault(profile.braze_id, Recipient(profile, addressee.occasion))
    return list(found.values())


def _write_attributes(engine: Engine, call: Call, send: Send) -> None:
    """Write what came with the recipients, before anything is sent."""
    items = [_attributes(addressee) for addressee in send.addressees if addressee.attributes]
    if items and not engine.settings.blackhole:
        request: TrackRequest = read_track({"attributes": items}, engine.settings)
        job = Job("track", partial(process_track, request))
        engine.processing.apply(call.workspace, job, key_name=call.key.name)


def _attributes(addressee: Addressee) -> dict[str, Any]:
    return addressee.as_attributes()


def read_text(call: Call, name: str) -> str:
    """Return a text of the body, empty if it holds none of that name."""
    value = call.data.get(name) if isinstance(call.data, dict) else None
    return value if isinstance(value, str) else ""


def _sent(dispatch_id: str) -> Result:
    return Result(201, {"dispatch_id": dispatch_id, "message": "success"})


def _not_sent(sent: Campaign | Canvas) -> Result:
    answer = {
        "dispatch_id": new_dispatch_id(),
        "message": "success",
        "notice": _NOT_SENT[sent.status],
    }
    return Result(201, answer)


ENDPOINTS = (
    Endpoint(
        method="POST",
        path="/campaigns/trigger/send",
        permission="campaigns.trigger.send",
        bucket=bucket,
        act=trigger_campaign,
    ),
    Endpoint(
        method="POST",
        path="/canvas/trigger/send",
        permission="canvas.trigger.send",
        bucket=bucket,
        act=trigger_canvas,
    ),
    Endpoint(
        method="POST",
        path="/messages/send",
        permission="messages.send",
        bucket=bucket,
        act=send_message,
    ),
)
