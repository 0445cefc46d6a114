"""What people learn about audiences before and after they save them."""

from datetime import datetime

import msgspec

from coterie.model.views import FieldValue


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """How many of an account's `profiles` a filter would hold, from asking `asked` of them.

    The size lies between `low` and `high` in 19 of 20 cases; all three are the same, and `is_exact`
    holds, where everybody was asked. `matched` of those who were asked fit. Of more than 200,000
    `profiles` the number is estimated too, to about one in a hundred; the bar allows for that.
    """

    size: int
    low: int
    high: int
    profiles: int
    asked: int
    matched: int
    is_exact: bool


class SizeChange(msgspec.Struct, frozen=True, kw_only=True):
    """By how many members an audience has grown; None where its size then is not known."""

    day: int | None
    week: int | None
    month: int | None


class AudienceSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to know of an audience at a look.

    It holds the `share`, from 0 to 1, of about `profiles` profiles; `jobs` send its members on or
    leave them out, and the audiences of `included_by` include it.
    """

    profiles: int
    share: float
    change: SizeChange
    jobs: int
    included_by: tuple[str, ...]


class Overlap(msgspec.Struct, frozen=True, kw_only=True):
    """How many members an audience shares with another one.

    `both` is between `low` and `high` in 19 of 20 cases, and the same as them if it `is_exact`.
    `of_this` and `of_other` are the shares of their members, from 0 to 1.
    """

    slug: str
    name: str
    size: int
    both: int
    low: int
    high: int
    is_exact: bool
    of_this: float
    of_other: float


class ValueCount(msgspec.Struct, frozen=True, kw_only=True):
    """A value with how many of those who were looked at have it; of a map, one of its keys."""

    value: FieldValue
    count: int


class FieldInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The values of a field among `asked` people, `present` of whom have any.

    `values` are the most common ones, and `distinct` says how many there are in all; `least` and
    `greatest` are given for numbers and dates. A redacted field tells only who has a value.
    """

    field: str
    kind: str
    asked: int
    present: int
    distinct: int = 0
    values: tuple[ValueCount, ...] = ()
    least: int | float | datetime | None = None
    greatest: int | float | datetime | None = None
    is_redacted: bool = False


class FieldReport(msgspec.Struct, frozen=True, kw_only=True):
    """The values of people: of `size` members, or of all profiles, `asked` were looked at."""

    size: int
    asked: int
    is_exact: bool
    fields: tuple[FieldInfo, ...]
