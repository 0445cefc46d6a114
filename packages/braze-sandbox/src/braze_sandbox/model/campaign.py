"""Segments of users with the webhook campaigns sent to them."""

from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

from braze_sandbox.model.profile import Value

ScheduleType: TypeAlias = Literal["api_triggered", "action_based", "time_based"]
Status: TypeAlias = Literal["active", "paused", "stopped", "archived", "draft"]


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """A named filter over users, in the grammar of Braze's connected audience object."""

    id: str
    name: str
    filter: dict[str, Value]
    description: str = ""
    tags: tuple[str, ...] = ()
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
    """A webhook campaign; without `segment_id` and `filter` it goes to every user.

    An action-based one goes to each user that does `event`, at that moment.
    """

    id: str
    name: str
    webhook: Webhook
    segment_id: str | None = None
    filter: dict[str, Value] | None = None
    schedule_type: ScheduleType = "api_triggered"
    event: str | None = None
    status: Status = "active"
    description: str = ""
    tags: tuple[str, ...] = ()
    message_name: str = "Variant 1"
    message_id: str
    created_at: datetime
    first_sent: datetime | None = None
    last_sent: datetime | None = None
