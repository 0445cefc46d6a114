"""What travels about replays."""

from datetime import datetime
from typing import Literal

import msgspec

ReplayState = Literal[
    "preparing", "reading", "asking", "ready", "swapping", "claiming", "done", "cancelled"
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


class ReplayReport(msgspec.Struct, frozen=True, kw_only=True):
    """What the swap to a new generation would change, of one account."""

    profiles: ProfileDifference | None
    audiences: tuple[MemberDifference, ...]


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """A replay as people read it.

    preparing, reading the log, asking audiences, ready to be confirmed, swapping, claiming what
    differs for exports, done; or cancelled. Counts of events are those of the whole installation.
    """

    id: int
    account: int
    state: ReplayState
    version: int
    events_a_second: int | None
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
