"""What events would do, if they were taken."""

from typing import Any

import msgspec

from coterie.model.profile import ProfileId


class EventPreview(msgspec.Struct, frozen=True, kw_only=True):
    """What the mapping makes of an event; `reason` says why it makes nothing, "" if it does."""

    reason: str = ""
    identifiers: tuple[tuple[str, str], ...] = ()
    values: tuple[tuple[str, Any], ...] = ()


class ValueChange(msgspec.Struct, frozen=True, kw_only=True):
    """A field of a profile before and after; None for no value."""

    field: str
    before: Any
    after: Any


class ProfilePreview(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of a profile; `absorbed` are the profiles that would become part of it.

    `values` is all that it would hold then, `changes` what of that is new.
    """

    profile_id: ProfileId
    is_new: bool
    absorbed: tuple[ProfileId, ...]
    identifiers: tuple[tuple[str, str], ...]
    values: tuple[tuple[str, Any], ...]
    changes: tuple[ValueChange, ...]
    entered: tuple[str, ...]
    left: tuple[str, ...]


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What the first events of a request would do, event by event and profile by profile."""

    events: tuple[EventPreview, ...]
    profiles: tuple[ProfilePreview, ...]
