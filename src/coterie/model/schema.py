"""What a published schema says: fields, how their values merge, which of them identify a person."""

from datetime import datetime
from typing import Literal

import msgspec

MergeOp = Literal[
    "latest", "oldest", "max", "min", "sum", "count", "merge",
    "latestmap", "oldestmap", "mapmax", "mapmin", "mapsum",
]  # fmt: skip
Normalise = Literal["none", "email", "lower", "digits", "e164"]

# What senders write for "nobody" or for "not known". Compared without regard to case.
USUAL_BLOCKED = (
    "", "-", "--", "?", ".", "0", "-1", "null", "(null)", "nil", "none", "nan", "n/a", "na",
    "unknown", "undefined", "(not set)", "not set", "not available", "anonymous", "anonym", "guest",
    "test", "true", "false", "[object object]",
    "00000000-0000-0000-0000-000000000000", "00000000000000000000000000000000",
    "test@test.com", "none@none.com", "no@email.com", "noemail@noemail.com",
    "a@a.com",
)  # fmt: skip

SCALAR_KINDS = ("string", "int", "number", "bool", "date")
SET_KINDS = ("[]string", "[]time", "ts[]string")
TALLY_KIND = "[]timebucket"
SPECIAL_KINDS = ("geolocation", "dynamic", TALLY_KIND)
MAP_KINDS = (
    "map[string]string", "map[string]int", "map[string]number", "map[string]bool",
    "map[string]time", "map[string]intsum", "map[string]value",
)  # fmt: skip


class IdentifierRule(msgspec.Struct, frozen=True, kw_only=True):
    """How a field takes part in identity resolution; rank 0 is the strongest.

    `region` is the country of phone numbers that name none, as two letters. A value with more than
    `neighbour_limit` distinct stronger neighbours joins nobody. `blocked` are values that name
    nobody (None: those of the schema).
    """

    rank: int
    unique: bool
    normalise: Normalise = "none"
    region: str | None = None
    neighbour_limit: int = 10
    view_limit: int | None = None
    blocked: tuple[str, ...] | None = None


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One profile field. `id` is unique in an account and never given to another field.

    `details` are what there is to say at length beside the description. `stored_as` is the name of
    a field that identifies people before it was renamed: its identifiers stay where they are.
    """

    id: int
    name: str
    kind: str
    op: MergeOp
    identifier: IdentifierRule | None = None
    capacity: int | None = None
    keep_days: int | None = None
    is_pii: bool = False
    description: str = ""
    details: str = ""
    stored_as: str | None = None

    @property
    def stored_name(self) -> str:
        """The name under which its identifiers are stored, if it identifies people."""
        return self.stored_as or self.name


class Mapping(msgspec.Struct, frozen=True, kw_only=True):
    """Which raw data of a stream becomes a value of a field (expressions are LQL)."""

    stream: str
    field: str
    expr: str
    guard: str | None = None


class StreamRule(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for every event of a stream: records that fail `where` are not mapped."""

    stream: str
    where: str | None = None


class Schema(msgspec.Struct, frozen=True, kw_only=True):
    """One published version; in force from `published_at` until the next version's.

    `blocked_values` name nobody, in whatever identifying field that does not list its own.
    """

    version: int
    published_at: datetime
    fields: tuple[Field, ...]
    mappings: tuple[Mapping, ...]
    streams: tuple[StreamRule, ...] = ()
    blocked_values: tuple[str, ...] = USUAL_BLOCKED
