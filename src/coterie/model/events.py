"""An event on its way from the door to the log, then from the log to the worker.

An event can be part of no cycle, so the garbage collector need not look at it (gc=False).
"""

from datetime import date, datetime
from typing import Literal

import msgspec


class IncomingEvent(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One event as accepted at a door. `body` is one JSON object as text.

    `occurred_at` is the event time that the caller named (None: the time of arrival);
    `message_hash` identifies a resent message (None: never a duplicate). Events of equal `route`
    are likely to be about one person.
    """

    account: int
    stream: str
    received_at: datetime
    body: str
    occurred_at: datetime | None = None
    message_hash: bytes | None = None
    route: int = 0


class LoggedEvent(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One row of the event log."""

    lane: int
    seq: int
    account: int
    stream: str
    received_at: datetime
    body: str
    occurred_at: datetime | None = None
    message_hash: bytes | None = None


class RejectedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """What a door refused, kept for repair: `position` says where in the request or file."""

    account: int
    stream: str
    received_at: datetime
    source: str
    reason: str
    body: bytes
    position: str = ""


class LaneCursor(msgspec.Struct, frozen=True):
    """How far a lane is processed: all events up to `seq`, the last received on `day`."""

    lane: int
    seq: int
    day: date


Verdict = Literal["duplicate", "rejected", "unreadable", "poison", "erased"]


class EventOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a logged event that was not simply processed."""

    lane: int
    seq: int
    account: int
    stream: str
    kind: Verdict
    reason: str
