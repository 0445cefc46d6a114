"""What travels about replays."""

from datetime import datetime
from typing import Literal

import msgspec

ReplayState = Literal[
    "preparing",
    "reading",
    "carrying",
    "asking",
    "ready",
    "swapping",
    "claiming",
    "done",
    "cancelled",
]


class ProfileDifference(msgspec.Struct, frozen=True):
    """What a new generation changes about an account's people.

    `merged` profiles hold identifiers of several old ones; `split` old ones gave theirs to several.
    """

    account: int
    profiles_before: int
    profiles_after: int
    identifiers_before: int
    identifiers_after: int
    merged: int
    split: int


class MemberDifference(msgspec.Struct, frozen=True):
    """What a new generation changes about an audience: sizes, and who would enter and leave."""

    audience_id: int
    before: int
    after: int
    entering: int
    leaving: int


class LogLoss(msgspec.Struct, frozen=True, kw_only=True):
    """What a log that was trimmed costs: its oldest event left was received at `log_from`.

    `carried` profiles, of whom it says nothing any more, stay as they are; `shortened` ones were
    known before, and lose what older events gave.
    """

    log_from: datetime
    carried: int
    shortened: int


class ReplayReport(msgspec.Struct, frozen=True, kw_only=True):
    """What the swap to a new generation would change, of one account."""

    profiles: ProfileDifference | None
    audiences: tuple[MemberDifference, ...]
    loss: LogLoss | None = None


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """A replay as people read it.

    preparing, reading the log, carrying over whom a trimmed log says nothing of any more, asking
    audiences, ready to be confirmed, swapping, claiming what differs for exports, done; or
    cancelled. Counts of events are those of the whole installation.
    """

    id: int
    account: int
    state: ReplayState
    version: int
    events_a_second: int | None
    accepts_loss: bool
    restarts: int
    events_done: int
    events_total: int
    profiles_done: int
    profiles_total: int
    report: dict[str, ReplayReport] | None
    requested_at: datetime
    requested_by: str
    confirmed_by: str | None
    swapped_at: datetime | None
    finished_at: datetime | None
    generation: int | None
