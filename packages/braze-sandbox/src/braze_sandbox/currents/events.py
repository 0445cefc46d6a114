"""The events of Currents in the form of the custom HTTP connector.

Names of types and keys are those of Braze's event glossary. Keys without a value are left out, and
so are those of devices, since no user of the sandbox has one.
"""

import json
from datetime import datetime
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from braze_sandbox.ids import new_id
from braze_sandbox.model.canvas import Canvas
from braze_sandbox.model.deed import Event, Purchase
from braze_sandbox.model.delivery import Activity
from braze_sandbox.model.mail import Origin
from braze_sandbox.model.profile import Profile

CurrentsEvent: TypeAlias = dict[str, Any]
_SOURCE = "REST API"


def make_event(
    kind: str, profile: Profile, at: datetime, properties: dict[str, Any]
) -> CurrentsEvent:
    """Return one event of a user."""
    user = {
        "user_id": profile.braze_id,
        "external_user_id": profile.external_id,
        "timezone": profile.fields.get("time_zone"),
    }
    return {
        "event_type": kind,
        "id": new_id(),
        "time": int(at.timestamp()),
        "user": _known(user),
        "properties": _known(properties),
    }


def deed_events(deed: Event | Purchase, profile: Profile) -> list[CurrentsEvent]:
    """Return the event of what a user did; a purchase of several pieces is several events."""
    properties: dict[str, Any]
    if isinstance(deed, Event):
        properties = {
            "app_id": deed.app_id,
            "name": deed.name,
            "custom_properties": deed.properties or None,
        }
        return [make_event("users.behaviors.CustomEvent", profile, deed.time, properties)]
    properties = {
        "app_id": deed.app_id,
        "product_id": deed.product_id,
        "currency": deed.currency,
        "price": deed.price,
        "purchase_properties": deed.properties or None,
    }
    return [
        make_event("users.behaviors.Purchase", profile, deed.time, properties)
        for _ in range(deed.quantity)
    ]


def subscription_event(
    profile: Profile, group_id: str | None, state: str, at: datetime
) -> CurrentsEvent:
    """Return the change of a subscription group's state, or of the e-mail subscription."""
    shared = {
        "channel": "email",
        "email_address": profile.fields.get("email"),
        "state_change_source": _SOURCE,
    }
    if group_id is None:
        kind = "users.behaviors.subscription.GlobalStateChange"
        return make_event(kind, profile, at, {**shared, "subscription_status": state})
    properties = {
        **shared,
        "phone_number": profile.fields.get("phone"),
        "subscription_group_id": group_id,
        "subscription_status": state.capitalize(),
    }
    kind = "users.behaviors.subscriptiongroup.StateChange"
    return make_event(kind, profile, at, properties)


def message_events(
    profile: Profile, origin: Origin, activity: Activity, extras: dict[str, str], url: str | None
) -> list[CurrentsEvent]:
    """Return what became of a webhook: its retries, then that it was sent, failed, or aborted."""
    shared = _origin_properties(origin)
    at = activity.at
    if activity.outcome == "aborted":
        properties = {
            **shared,
            "abort_type": "liquid_abort_message",
            "abort_log": activity.error,
        }
        return [make_event("users.messages.webhook.Abort", profile, at, properties)]
    events = [
        make_event("users.messages.webhook.Retry", profile, at, {**shared, "retry_type": "webhook"})
        for _ in range(activity.attempts - 1)
    ]
    if activity.outcome == "succeeded":
        more = {"message_extras": json.dumps(extras)} if extras else {}
        kind = "users.messages.webhook.Send"
        return [*events, make_event(kind, profile, at, {**shared, **more})]
    address = urlsplit(url or "")
    properties = {
        **shared,
        "endpoint_url": url,
        "host": address.hostname,
        "url_path": address.path or None,
        "http_status_code": activity.status,
        "is_terminal": True,
        "raw_response": activity.response or activity.error,
        "retry_count": max(activity.attempts - 1, 0),
        "webhook_duration": int(activity.milliseconds),
    }
    return [*events, make_event("users.messages.webhook.Failure", profile, at, properties)]


def canvas_event(kind: str, profile: Profile, canvas: Canvas, at: datetime) -> CurrentsEvent:
    """Return the entry of a user into a Canvas (`Entry`), or the way it left (`exit.…`)."""
    more = {"in_control_group": False} if kind == "Entry" else {}
    properties = {**_canvas_properties(canvas), **more}
    return make_event(f"users.canvas.{kind}", profile, at, properties)


def _origin_properties(origin: Origin) -> dict[str, Any]:
    campaign, canvas, step = origin.campaign, origin.canvas, origin.step
    properties: dict[str, Any] = {"dispatch_id": origin.dispatch_id}
    if campaign is not None and origin.is_kept:
        properties |= {
            "campaign_id": campaign.id,
            "campaign_name": campaign.name,
            "message_variation_id": campaign.message_id,
            "message_variation_name": campaign.message_name,
        }
    if canvas is not None and step is not None:
        properties |= {
            **_canvas_properties(canvas),
            "canvas_step_id": step.id,
            "canvas_step_name": step.name,
        }
    return properties


def _canvas_properties(canvas: Canvas) -> dict[str, Any]:
    return {
        "canvas_id": canvas.id,
        "canvas_name": canvas.name,
        "canvas_variation_id": canvas.variant_id,
        "canvas_variation_name": canvas.variant_name,
    }


def _known(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
