"""What the console and the API show of the data plane: records made for reading."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec

FieldValue = (
    None | bool | int | float | str | Decimal | date | datetime | list[Any] | dict[str, Any]
)
"""A field as a profile shows it: a scalar, a list of scalars, or a map of scalars."""


class FieldView(msgspec.Struct, frozen=True, kw_only=True):
    """One field of a profile with its folded value; `kind` is that of the schema.

    `is_redacted`: it has a value that is not for whoever asks.
    """

    name: str
    kind: str
    value: FieldValue
    is_pii: bool = False
    is_redacted: bool = False


class IdentifierView(msgspec.Struct, frozen=True, kw_only=True):
    """One identifier of a profile; the instants are None where they are not known.

    `is_redacted` as in `FieldView`.
    """

    field: str
    value: str
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    is_redacted: bool = False


class MembershipView(msgspec.Struct, frozen=True, kw_only=True):
    """An audience that holds a profile, and since when."""

    audience_id: int
    slug: str
    name: str
    since: datetime


class ProfileView(msgspec.Struct, frozen=True, kw_only=True):
    """A profile as a person reads it: fields by name, identifiers strongest first.

    `flags` say what is out of the ordinary: "hub" (too many share an identifier, so it joins
    nobody), "passengers" (the profile has more identifiers than take part in clustering),
    "unsettled" (maintenance has yet to say exactly who belongs together).
    """

    profile_id: str
    first_seen: datetime
    updated_at: datetime
    fields: tuple[FieldView, ...]
    identifiers: tuple[IdentifierView, ...]
    audiences: tuple[MembershipView, ...]
    flags: tuple[str, ...] = ()


class EventView(msgspec.Struct, frozen=True, kw_only=True):
    """One event of the log, `body` as JSON text.

    `outcome` is empty when all went as usual, else "duplicate", "rejected", "unreadable" or
    "poison"; `is_cut` says that `body` is only the beginning of a long one.
    """

    lane: int
    seq: int
    stream: str
    received_at: datetime
    occurred_at: datetime | None
    body: str
    outcome: str = ""
    reason: str = ""
    is_cut: bool = False


class RejectedView(msgspec.Struct, frozen=True, kw_only=True):
    """What a door refused: `body` is the text as received, undecodable bytes replaced.

    `is_cut` as in `EventView`.
    """

    id: int
    stream: str
    received_at: datetime
    source: str
    position: str
    reason: str
    body: str
    is_cut: bool = False


class MemberView(msgspec.Struct, frozen=True, kw_only=True):
    """A member of an audience; `identifiers` is short and starts with the strongest."""

    profile_id: str
    since: datetime
    identifiers: tuple[IdentifierView, ...]


class OmittedView(msgspec.Struct, frozen=True, kw_only=True):
    """A profile that an export cannot send, with the reason; identifiers as in `MemberView`."""

    profile_id: str
    since: datetime
    reason: str
    identifiers: tuple[IdentifierView, ...]


class HourCount(msgspec.Struct, frozen=True, kw_only=True):
    """Events received in the hour that starts at `hour`."""

    hour: datetime
    events: int


class DeliveryTotals(msgspec.Struct, frozen=True, kw_only=True):
    """What was sent to destinations since the start, and what has yet to go."""

    added: int = 0
    removed: int = 0
    refused: int = 0
    requests: int = 0
    pending: int = 0
    parked: int = 0


class JobFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one job's work: adds and removals sent, users omitted, writes refused.

    `refused` counts all that ever were, `parked` those that are refused still. `pending` counts
    users (or events, or purchases) who have yet to be sent, `held` those of them who are held back
    because the job is paused or quiet; `held_until` is when its quiet window ends. For an import
    `added` counts rows imported and `refused` rows rejected; for an export to files `added` counts
    rows of the last file and `omitted` who was left out of it.
    """

    added: int = 0
    removed: int = 0
    omitted: int = 0
    refused: int = 0
    parked: int = 0
    pending: int = 0
    held: int = 0
    held_until: datetime | None = None


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """An account at a glance. `hours` are the last 24, oldest first, none left out.

    `waiting` counts events that are in the log and not yet in profiles.
    """

    events: int
    rejected: int
    waiting: int
    profiles: int
    identifiers: int
    hours: tuple[HourCount, ...]
    deliveries: DeliveryTotals
