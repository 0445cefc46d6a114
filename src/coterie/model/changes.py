"""The stream of changes: who entered or left an audience, which profiles merged or split."""

from datetime import datetime
from typing import Any, Literal

import msgspec

from coterie.model.profile import ProfileId

ChangeKind = Literal["enter", "exit", "merge", "split", "erase"]
Cause = Literal["event", "instant", "backfill", "definition", "decision"]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened to one profile, once; after "erase" the profile is no more.

    `cause_seq` is the number of the event in the lane that caused it, where an event did.
    """

    profile_id: ProfileId
    kind: ChangeKind
    cause: Cause
    changed_at: datetime
    audience_id: int | None = None
    audience_version: int | None = None
    other_profile_id: ProfileId | None = None
    cause_seq: int | None = None


class ClaimChange(msgspec.Struct, frozen=True, kw_only=True):
    """A profile's new wish for one recipient of a destination; `items` None withdraws it.

    `items` are what the recipient should hold (`model.delivery.Form` says what keys and values
    mean). `left` are keys whose removal must be sent although we never told of them.
    """

    destination: int
    recipient: str
    profile_id: ProfileId
    first_us: int
    items: dict[str, Any] | None
    left: tuple[str, ...] = ()
    job_ids: tuple[int, ...] = ()


class OmissionChange(msgspec.Struct, frozen=True, kw_only=True):
    """A job cannot send a profile, with the reason; None: it can again."""

    job_id: int
    profile_id: ProfileId
    reason: str | None
