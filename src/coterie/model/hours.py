"""The hours that time buckets count by: numbers since 1970, in UTC."""

from datetime import datetime
from functools import lru_cache

from coterie.base.clock import from_us, to_us

HOUR_US = 3_600_000_000


def hour_of(instant: datetime) -> int:
    """Return the number of the hour that an aware instant falls into."""
    return to_us(instant) // HOUR_US


@lru_cache(maxsize=65_536)
def show_hour(hour: int) -> str:
    """Return how an hour is written, as `2026-03-14T09:00:00Z`. Raises OverflowError for none."""
    return from_us(hour * HOUR_US).isoformat().replace("+00:00", "Z")
