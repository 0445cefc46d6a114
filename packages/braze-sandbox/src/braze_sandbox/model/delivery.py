"""What became of a campaign's messages."""

from datetime import datetime
from typing import Literal

import msgspec


class Activity(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the message activity log: one user, one message.

    It belongs to a campaign, or to a step of a Canvas. `status` is the receiver's last HTTP
    status, 599 for a connection that failed or timed out, 598 for a host that failed too often to
    be asked, None for a message that was not made. `response` is the start of the answer.
    """

    at: datetime
    campaign_id: str | None
    canvas_id: str | None = None
    step_id: str | None = None
    dispatch_id: str
    braze_id: str
    external_id: str | None
    outcome: Literal["succeeded", "failed", "aborted"]
    status: int | None
    attempts: int
    milliseconds: float
    error: str | None = None
    response: str | None = None


class FireReport(msgspec.Struct, frozen=True, kw_only=True):
    """The count of one firing. `sent` messages left the house: `succeeded` or `failed`.

    `attempts` counts requests, so it is above `sent` when some were tried again.
    """

    dispatch_id: str
    campaign_id: str
    state: Literal["running", "done"]
    matched: int
    sent: int = 0
    succeeded: int = 0
    failed: int = 0
    aborted: int = 0
    attempts: int = 0
    started_at: datetime
    finished_at: datetime | None = None
