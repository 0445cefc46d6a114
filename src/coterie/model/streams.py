"""What people see of a stream: its raw keys, and what became nothing."""

from datetime import datetime

import msgspec


class KeySuggestion(msgspec.Struct, frozen=True, kw_only=True):
    """A mapping that a raw key could have; `is_new` says that its field has to be made."""

    key: str
    field: str
    kind: str
    expr: str
    is_new: bool


class KeyReport(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a raw key. `key` "" stands for the events themselves.

    `kinds` counts its values by kind; `uniques` is an estimate unless `is_exact`; `is_sampled` says
    that `times` was counted on a part of the events. `used_by` names fields.
    """

    key: str
    times: int
    first_seen: datetime
    last_seen: datetime
    kinds: dict[str, int]
    uniques: int
    is_exact: bool
    is_sampled: bool
    used_by: tuple[str, ...] = ()
    suggestion: KeySuggestion | None = None


class RejectedReport(msgspec.Struct, frozen=True, kw_only=True):
    """An event that became nothing and waits for a repair.

    `source` is the door that refused it, or "log" for one that was logged and made no difference;
    `is_cut` says that `body` is only the beginning of a long one.
    """

    ref: str
    received_at: datetime
    source: str
    position: str
    reason: str
    body: str
    is_cut: bool
