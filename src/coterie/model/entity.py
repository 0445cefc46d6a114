"""A profile as programs read it, and where each of its values comes from."""

from datetime import datetime
from typing import Any

import msgspec

from coterie.model.control import Personalization
from coterie.model.views import FieldValue


class Entity(msgspec.Struct, frozen=True, kw_only=True):
    """A profile by one of its identifiers. `audiences` are (id, slug) in order of the slugs.

    `personal` are the names of those of its `values` that are personal data; `by_fields` are the
    fields that identify people.
    """

    profile_id: str
    created: datetime
    modified: datetime
    last_active: datetime
    values: dict[str, Any]
    personal: frozenset[str]
    audiences: tuple[tuple[int, str], ...]
    by_fields: tuple[str, ...]


class Glance(msgspec.Struct, frozen=True, kw_only=True):
    """A person with what has to hold for the answer, all as of one instant.

    `entity` is None if nobody has the identifier, `allowed` if nothing of the account is public;
    `token_holds` is True too if no token was asked about.
    """

    entity: Entity | None
    allowed: Personalization | None
    token_holds: bool


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """Those whom a filter holds, of `asked` profiles in order of their ids.

    The next ones come after the profile `after`; "" if everybody was asked.
    """

    members: tuple[Entity, ...]
    asked: int
    after: str


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """The event that gave a value, or one part of it, and the mapping that took it from there.

    `part` names the member of a set or the key of a map ("" for the only value of a field); `value`
    is what the event said of it. `guard` is the mapping's condition.
    """

    part: str
    value: FieldValue
    lane: int
    seq: int
    stream: str
    received_at: datetime
    occurred_at: datetime
    version: int
    expr: str
    guard: str | None = None


class FieldLineage(msgspec.Struct, frozen=True, kw_only=True):
    """Where the value of a field comes from.

    `events` is how many of the events that were looked at said something of the field, `left_out`
    how many parts are not told of. `is_whole` is false if what is shown also rests on events that
    the log no longer holds, or that were not looked at because there are too many.
    """

    field: str
    op: str
    events: int
    origins: tuple[Origin, ...]
    left_out: int = 0
    is_personal: bool = False
    is_whole: bool = True
