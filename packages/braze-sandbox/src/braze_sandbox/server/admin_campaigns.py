"""The admin routes for campaigns with what was sent."""

from typing import Any

import msgspec
from aiohttp import web

from braze_sandbox.errors import RefusedError
from braze_sandbox.ids import new_id
from braze_sandbox.model.campaign import Campaign, ScheduleType, Status, Webhook
from braze_sandbox.model.content_block import ContentBlock
from braze_sandbox.segments.members import resolve_filter
from braze_sandbox.server.answers import (
    ENGINE,
    json_answer,
    query_asking,
    query_flag,
    query_number,
    query_workspace,
    read_as,
)
from braze_sandbox.store.workspace import Workspace
from braze_sandbox.webhooks.firing import Recipient
from braze_sandbox.webhooks.message import MessageTemplate
from braze_sandbox.webhooks.presets import lytics_webhook_body

_NEWEST = 100


class NewCampaign(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a campaign is made of; `id` is made up if left out."""

    name: str
    webhook: Webhook
    segment_id: str | None = None
    filter: dict[str, Any] | None = None
    id: str | None = None
    message_name: str = "Variant 1"
    schedule_type: ScheduleType = "api_triggered"
    event: str | None = None
    status: Status = "active"
    description: str = ""
    tags: tuple[str, ...] = ()


class CampaignChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may change of a campaign."""

    status: Status


class FireOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How to fire: answer at the end (`wait`) or at once; to the segment or to these users."""

    wait: bool = True
    external_ids: list[str] | None = None
    braze_ids: list[str] | None = None


class TrialOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The user that a test send is rendered for."""

    external_id: str | None = None
    braze_id: str | None = None


class UnknownCampaignError(RefusedError):
    """No campaign has this id."""

    def __init__(self, campaign_id: str) -> None:
        super().__init__(
            404, f"There is no campaign '{campaign_id}'. GET /_sandbox/campaigns lists them."
        )


class UnknownRecipientError(RefusedError):
    """A user named for a message does not exist."""

    def __init__(self, what: str) -> None:
        super().__init__(400, f"There is no user '{what}'. GET /_sandbox/users lists them.")


def campaign_routes() -> list[web.RouteDef]:
    """Return the routes under `/_sandbox` for campaigns, firings."""
    return [
        web.get("/_sandbox/campaigns", list_campaigns),
        web.post("/_sandbox/campaigns", add_campaign),
        web.get("/_sandbox/campaigns/{id}", get_campaign),
        web.patch("/_sandbox/campaigns/{id}", change_campaign),
        web.delete("/_sandbox/campaigns/{id}", remove_campaign),
        web.post("/_sandbox/campaigns/{id}/fire", fire_campaign),
        web.post("/_sandbox/campaigns/{id}/test", try_campaign),
        web.get("/_sandbox/firings/{dispatch_id}", get_firing),
        web.get("/_sandbox/activity", list_activity),
        web.get("/_sandbox/presets/lytics_webhook_body", get_lytics_body),
    ]


async def list_campaigns(request: web.Request) -> web.Response:
    """Give the campaigns of a workspace."""
    return json_answer({"campaigns": list(query_workspace(request).campaigns.values())})


async def add_campaign(request: web.Request) -> web.Response:
    """Create a campaign of `{"name", "webhook", "segment_id" or "filter", "id"}`.

    With `"schedule_type": "action_based"` and `"event"` it goes to who does that. `webhook` is
    `{"url", "method", "headers", "body"}`; every text is a Liquid template, `body` is raw text or
    an object of key-value pairs.
    """
    engine, workspace = request.app[ENGINE], query_workspace(request)
    new = await read_as(request, NewCampaign)
    resolve_filter(query_asking(request), new.segment_id, new.filter)
    MessageTemplate(new.webhook, workspace.shelf(ContentBlock))
    given = {**msgspec.structs.asdict(new), "id": new.id or new_id()}
    campaign = Campaign(**given, message_id=new_id(), created_at=engine.clock())
    return json_answer(engine.state.put(workspace, campaign), status=201)


async def get_campaign(request: web.Request) -> web.Response:
    """Give one campaign."""
    return json_answer(_find_campaign(query_workspace(request), request.match_info["id"]))


async def change_campaign(request: web.Request) -> web.Response:
    """Change the status of a campaign: `{"status": "paused"}`."""
    workspace = query_workspace(request)
    change = await read_as(request, CampaignChange)
    campaign = _find_campaign(workspace, request.match_info["id"])
    changed = msgspec.structs.replace(campaign, status=change.status)
    return json_answer(request.app[ENGINE].state.put(workspace, changed))


async def remove_campaign(request: web.Request) -> web.Response:
    """Delete a campaign."""
    campaign_id = request.match_info["id"]
    if not request.app[ENGINE].state.remove(query_workspace(request), Campaign, campaign_id):
        raise UnknownCampaignError(campaign_id)
    return json_answer({"message": "removed"})


async def fire_campaign(request: web.Request) -> web.Response:
    """Send a campaign's webhook to every member of its segment as it is now.

    Body: `{"wait": true, "external_ids": [...], "braze_ids": [...]}`, all optional. Answer: 200
    with the final count, or 202 with the first one when not waiting.
    """
    workspace, firing = query_workspace(request), request.app[ENGINE].firing
    campaign = _find_campaign(workspace, request.match_info["id"])
    order = await read_as(request, FireOrder)
    report = firing.start(query_asking(request), campaign, only=_recipients(workspace, order))
    if not order.wait:
        return json_answer(report, status=202)
    return json_answer(await firing.wait(report.dispatch_id))


async def try_campaign(request: web.Request) -> web.Response:
    """Send a campaign's webhook for one user; give the receiver's status and body."""
    workspace, firing = query_workspace(request), request.app[ENGINE].firing
    campaign = _find_campaign(workspace, request.match_info["id"])
    order = await read_as(request, TrialOrder)
    named = FireOrder(
        external_ids=[order.external_id] if order.external_id else None,
        braze_ids=[order.braze_id] if order.braze_id else None,
    )
    recipients = _recipients(workspace, named)
    if not recipients:
        raise UnknownRecipientError("")
    return json_answer(await firing.send_test(workspace, campaign, recipients[0].profile))


async def get_firing(request: web.Request) -> web.Response:
    """Give the count of a firing so far."""
    return json_answer(request.app[ENGINE].firing.report(request.match_info["dispatch_id"]))


async def list_activity(request: web.Request) -> web.Response:
    """Give the message activity log, the newest first.

    Query: `limit` (100), `campaign`, `canvas`.
    """
    campaign, canvas = request.query.get("campaign"), request.query.get("canvas")
    lines = [
        line
        for line in reversed(request.app[ENGINE].dispatch.activity)
        if campaign in (None, line.campaign_id) and canvas in (None, line.canvas_id)
    ]
    return json_answer({"activity": lines[: query_number(request, "limit", _NEWEST)]})


async def get_lytics_body(request: web.Request) -> web.Response:
    """Give the twelve-key body of Braze's Lytics page; `?external_id=1` adds that key."""
    return json_answer(lytics_webhook_body(external_id=query_flag(request, "external_id")))


def _find_campaign(workspace: Workspace, campaign_id: str) -> Campaign:
    campaign = workspace.campaigns.get(campaign_id)
    if campaign is None:
        raise UnknownCampaignError(campaign_id)
    return campaign


def _recipients(workspace: Workspace, order: FireOrder) -> list[Recipient] | None:
    if order.external_ids is None and order.braze_ids is None:
        return None
    profiles = workspace.profiles
    named = [(i, profiles.find_external(i)) for i in order.external_ids or ()]
    named += [(i, profiles.find(i)) for i in order.braze_ids or ()]
    for what, profile in named:
        if profile is None:
            raise UnknownRecipientError(what)
    found = {profile.braze_id: profile for _, profile in named if profile is not None}
    return [Recipient(profile) for profile in found.values()]
