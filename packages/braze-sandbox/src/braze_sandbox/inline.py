"""Messages that stand in a request and not in a campaign."""

from datetime import datetime
from typing import Any

import msgspec

from braze_sandbox.model.campaign import Campaign, Webhook
from braze_sandbox.model.mail import Occasion
from braze_sandbox.sends import Addressee, Send, SendRequestError, check_scope, read_audience
from braze_sandbox.settings import Settings
from braze_sandbox.users.naming import Name, read_alias
from braze_sandbox.users.requests import as_text

_CHANNELS = frozenset(
    {
        "android_push",
        "apple_push",
        "content_card",
        "email",
        "kindle_push",
        "sms",
        "web_push",
        "webhook",
        "whats_app",
        "windows_push",
        "windows_universal_push",
    }
)
_METHODS = ("POST", "PUT", "DELETE", "GET")


class InlineRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A checked /messages/send body; `webhook` is None if only other channels are used."""

    send: Send
    webhook: Webhook | None
    variation_id: str
    campaign_id: str | None
    segment_id: str | None


def read_inline(body: Any, settings: Settings) -> InlineRequest:
    """Return the content of a decoded body; raise SendRequestError (400)."""
    request = body if isinstance(body, dict) else {}
    messages = request.get("messages")
    if not isinstance(messages, dict) or not messages.keys() & _CHANNELS:
        raise SendRequestError("No message to send")
    names = [Name("external_id", as_text(i)) for i in _list(request, "external_user_ids")]
    for item in _list(request, "user_aliases"):
        alias = read_alias(item)
        if alias is None:
            raise SendRequestError("'user_aliases' must hold 'alias_name' with 'alias_label'")
        names.append(Name("user_alias", alias))
    if len(names) > settings.user_ids:
        raise SendRequestError(
            "The max number of external_ids and aliases per request was exceeded"
        )
    segment_id = request.get("segment_id")
    send = Send(
        addressees=tuple(Addressee(name=name, occasion=Occasion()) for name in names),
        occasion=Occasion(),
        audience=read_audience(request),
        broadcast=request.get("broadcast") is True or (segment_id is not None and not names),
    )
    check_scope(send)
    webhook = messages.get("webhook")
    variation = webhook.get("message_variation_id") if isinstance(webhook, dict) else None
    campaign_id = request.get("campaign_id")
    if campaign_id is not None and not variation and webhook is not None:
        raise SendRequestError("Message Variant Unspecified")
    return InlineRequest(
        send=send,
        webhook=None if webhook is None else _read_webhook(webhook),
        variation_id=str(variation or ""),
        campaign_id=None if campaign_id is None else str(campaign_id),
        segment_id=None if segment_id is None else str(segment_id),
    )


def inline_campaign(
    webhook: Webhook, known: Campaign | None, request: InlineRequest, *, now: datetime
) -> Campaign:
    """Return the campaign that a message is sent as: the one it is tracked under, or none."""
    if known is not None:
        return msgspec.structs.replace(
            known, webhook=webhook, segment_id=request.segment_id, filter=None
        )
    return Campaign(
        id="",
        name="",
        webhook=webhook,
        segment_id=request.segment_id,
        message_id=request.variation_id,
        created_at=now,
    )


def _read_webhook(value: Any) -> Webhook:
    if not isinstance(value, dict) or not isinstance(value.get("url"), str):
        raise SendRequestError("'webhook' needs a 'url'")
    method = str(value.get("request_method", "POST")).upper()
    headers = value.get("request_headers") or {}
    body = value.get("body") or ""
    if method not in _METHODS or not isinstance(headers, dict):
        raise SendRequestError("'webhook' needs a 'request_method' of POST, PUT, DELETE or GET")
    if not isinstance(body, str):
        raise SendRequestError("the 'body' of a webhook must be a string")
    texts = {str(name): str(text) for name, text in headers.items()}
    return msgspec.convert(
        {"url": value["url"], "method": method, "headers": texts, "body": body}, Webhook
    )


def _list(request: dict[str, Any], name: str) -> list[Any]:
    value = request.get(name, [])
    if not isinstance(value, list):
        message = f"'{name}' must be an array"
        raise SendRequestError(message)
    return value
