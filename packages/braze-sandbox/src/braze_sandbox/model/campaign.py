"""Segments of users with the webhook campaigns sent to them."""

from datetime import datetime
from typing import Literal

import msgspec

from braze_sandbox.model.profile import Value


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """A named filter over users, in the grammar of Braze's connected audience object."""

    id: str
    name: str
    filter: dict[str, Value]
    created_at: datetime


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """The request a campaign sends; every text is a Liquid template.

    `body` is raw text, or key-value pairs that become one JSON object.
    """

    url: str
    method: Literal["POST", "PUT", "DELETE", "GET"] = "POST"
    headers: dict[str, str] = {}
    body: str | dict[str, str] = ""


class Campaign(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook campaign; without `segment_id` and `filter` it goes to every user."""

    id: str
    name: str
    webhook: Webhook
    segment_id: str | None = None
    filter: dict[str, Value] | None = None
    message_name: str = "Variant 1"
    message_id: str
    created_at: datetime
