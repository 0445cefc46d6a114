"""What another schema would make of the newest events."""

from datetime import datetime
from typing import Any

import msgspec


class ReadAs(msgspec.Struct, frozen=True, kw_only=True):
    """What an event says of a field under each schema; None: nothing."""

    before: Any
    after: Any


class FieldEffect(msgspec.Struct, frozen=True, kw_only=True):
    """In how many events of a stream a field would say something, nothing more, something else.

    `examples` are a few such values, each another one; personal ones only for who may see them.
    """

    field: str
    is_personal: bool
    gained: int
    lost: int
    changed: int
    examples: tuple[ReadAs, ...]


class StreamEffect(msgspec.Struct, frozen=True, kw_only=True):
    """What would become of the newest events of a stream.

    `named_otherwise` events would belong to somebody else, since other identifiers stand in them.
    `refusals` are why events would make no difference, with how many do.
    """

    stream: str
    events: int
    since: datetime | None
    counted_before: int
    counted_after: int
    named_otherwise: int
    refusals: dict[str, int]
    fields: tuple[FieldEffect, ...]


class SchemaPreview(msgspec.Struct, frozen=True, kw_only=True):
    """What a draft would make of the newest events, stream by stream.

    It tells of single events: what profiles hold by then is told by a replay.
    """

    streams: tuple[StreamEffect, ...]

    @property
    def is_same(self) -> bool:
        """Say whether the newest events would all be read as they are now."""
        return all(
            not each.fields
            and not each.named_otherwise
            and each.counted_before == each.counted_after
            for each in self.streams
        )
