"""Alerts: what people want to be told of, and what there is to tell."""

from datetime import datetime
from typing import Literal

import msgspec

AlertKind = Literal["failure", "stall", "threshold"]
AlertMetric = Literal["waiting", "refused", "doubtful", "omitted"]
AlertChannel = Literal["webhook", "email"]
AlertState = Literal["raised", "resolved"]


class AlertRule(msgspec.Struct, frozen=True, kw_only=True):
    """Who is told of what: of one job, or of all of an account.

    A failure is a job in fault or an authorization that is refused. A stall: something has waited
    for `stall_minutes` and nothing was delivered as long. A threshold: `metric` of a delivery is
    above a number. `raised` are the conditions that hold, and when people were told of each last.
    """

    id: int
    account: int
    job_id: int | None
    label: str
    kinds: tuple[AlertKind, ...]
    stall_minutes: int
    metric: AlertMetric | None
    above: int | None
    channel: AlertChannel
    target_shown: str
    raised: dict[str, datetime]
    last_error: str | None
    created_by: str
    created_at: datetime


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """Something that holds of an account now; `key` tells it from others, `jobs` are concerned."""

    key: str
    kind: AlertKind
    subject: str
    message: str
    jobs: frozenset[int]


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """What people are told: that a condition began to hold, or that it ended."""

    rule: int
    account: int
    state: AlertState
    kind: str
    subject: str
    message: str
    at: datetime
