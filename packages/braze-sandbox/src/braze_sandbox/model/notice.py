"""A remark about data that was accepted yet not stored."""

from datetime import datetime

import msgspec


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """What Braze would drop without a word: which user, which attribute, why."""

    at: datetime
    workspace: str
    user: str
    attribute: str
    reason: str
