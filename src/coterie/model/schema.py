"""What a published schema says: fields, how their values merge, which of them identify a person."""

from datetime import datetime
from typing import Literal

import msgspec

MergeOp = Literal[
    "latest", "oldest", "max", "min", "sum", "count", "merge",
    "latestmap", "oldestmap", "mapmax", "mapmin", "mapsum",
]  # fmt: skip
Normalise = Literal["none", "email", "lower", "digits"]

SCALAR_KINDS = ("string", "int", "number", "bool", "date")
SET_KINDS = ("[]string", "[]time", "ts[]string")
TALLY_KIND = "[]timebucket"
SPECIAL_KINDS = ("geolocation", "dynamic", TALLY_KIND)
MAP_KINDS = (
    "map[string]string", "map[string]int", "map[string]number", "map[string]bool",
    "map[string]time", "map[string]intsum", "map[string]value",
)  # fmt: skip


class IdentifierRule(msgspec.Struct, frozen=True, kw_only=True):
    """How a field takes part in identity resolution; rank 0 is the strongest."""

    rank: int
    unique: bool
    normalise: Normalise = "none"
    neighbour_limit: int = 10
    view_limit: int | None = None


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One profile field. `id` is unique in an account and never given to another field."""

    id: int
    name: str
    kind: str
    op: MergeOp
    identifier: IdentifierRule | None = None
    capacity: int | None = None
    keep_days: int | None = None
    is_pii: bool = False
    description: str = ""


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
    """One published version; in force from `published_at` until the next version's."""

    version: int
    published_at: datetime
    fields: tuple[Field, ...]
    mappings: tuple[Mapping, ...]
    streams: tuple[StreamRule, ...] = ()
    blocked_values: tuple[str, ...] = (
        "", "null", "0", "unknown", "none", "n/a", "na", "undefined", "anonymous", "test@test.com",
    )  # fmt: skip
