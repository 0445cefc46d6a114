"""What the mapping stage makes of one logged event."""

from typing import Any

import msgspec

# In bytes of UTF-8. PostgreSQL's indexes end at 2,704 and its texts hold no zero byte.
LONGEST_IDENTIFIER = 1_000

Identifier = tuple[str, str]
"""(field name, normalised value)."""


class MappedEvent(msgspec.Struct, frozen=True, gc=False):
    """One event as the later stages see it. Times are microseconds since 1970, UTC.

    `identifiers` are distinct, strongest first; `values` are (field id, value) pairs, several of a
    field where the event said several, then occurrences under the hidden fields of trackers;
    `seen_us` is the time that counts for identity (never older than `received_us` on untrusted
    streams).
    """

    lane: int
    seq: int
    stream: str
    received_us: int
    occurred_us: int
    seen_us: int
    identifiers: tuple[Identifier, ...]
    values: tuple[tuple[int, Any], ...]


def can_identify(text: str) -> bool:
    """Say whether a text can be an identifier's value or a user's name at a destination."""
    is_short = len(text) <= LONGEST_IDENTIFIER // 4 or len(text.encode()) <= LONGEST_IDENTIFIER
    return is_short and "\0" not in text
