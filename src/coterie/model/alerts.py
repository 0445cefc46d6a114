"""Alerts: what people want to be told of, and what there is to tell."""

from datetime import datetime
from typing import Literal

import msgspec

AlertKind = Literal["failure", "stall", "threshold"]
AlertMetric = Literal["waiting", "refused", "doubtful", "omitted", "sent", "size"]
AlertChannel = Literal["webhook", "email"]
AlertState = Literal["raised", "resolved"]

METRIC_NAMES: dict[AlertMetric, str] = {
    "waiting": "waiting to be sent",
    "refused": "refused",
    "doubtful": "doubtful events and purchases",
    "omitted": "omitted profiles",
    "sent": "sent within 24 hours",
    "size": "members",
}
"""What people read. All but the last are numbers of a delivery, `size` is one of an audience."""


class AlertRule(msgspec.Struct, frozen=True, kw_only=True):
    """Who is told of what: of one job, or of all of an account.

    A failure is a job in fault or an authorization that is refused. A stall: something has waited
    for `stall_minutes` and nothing was delivered as long. A threshold: `metric` of a delivery, or
    the size of `audience` (a slug), is `above` or `below` a number. `raised` are the conditions
    that hold, and when people were told of each last.
    """

    id: int
    account: int
    job_id: int | None
    label: str
    kinds: tuple[AlertKind, ...]
    stall_minutes: int
    metric: AlertMetric | None
    above: int | None
    below: int | None
    audience: str | None
    channel: AlertChannel
    target_shown: str
    raised: dict[str, datetime]
    last_error: str | None
    created_by: str
    created_at: datetime

    @property
    def bounds(self) -> str:
        """The numbers that a threshold's number is compared with, as people say it."""
        said = [
            f"{word} {number:,}"
            for word, number in (("below", self.below), ("above", self.above))
            if number is not None
        ]
        return " or ".join(said)


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """Something that holds of an account now; `key` tells it from others, `jobs` are concerned.

    `subject` begins with what people call it; `message` is the cause, `cure` what to do about it,
    and `path` the page of the console that shows it.
    """

    key: str
    kind: AlertKind
    subject: str
    message: str
    cure: str
    path: str
    jobs: frozenset[int]


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """What people are told: that a condition began to hold, or that it ended.

    `link` is a page of the console, "" where nobody can say what its address is.
    """

    rule: int
    account: int
    state: AlertState
    kind: str
    subject: str
    message: str
    at: datetime
    cure: str = ""
    link: str = ""
