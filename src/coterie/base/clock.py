"""The only door to the wall clock."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Clock = Callable[[], datetime]
"""Returns the present instant as an aware UTC datetime; pass `system_clock` outside of tests."""


def system_clock() -> datetime:
    """Return the present instant as an aware UTC datetime."""
    return datetime.now(UTC)


def to_us(at: datetime) -> int:
    """Return microseconds since 1970, exactly (the float of `timestamp()` would round)."""
    delta = at - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def from_us(microseconds: int) -> datetime:
    """Return the aware UTC instant of `microseconds` since 1970."""
    return _EPOCH + timedelta(microseconds=microseconds)
