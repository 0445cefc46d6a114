"""A subscription group, which users join or leave."""

from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

Channel: TypeAlias = Literal["email", "sms", "whatsapp"]


class SubscriptionGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A group of a workspace; `id` is a UUID."""

    id: str
    name: str
    channel: Channel = "email"
    created_at: datetime
