"""How long the members of sets and maps are shown: `keep_days`, to the microsecond."""

from typing import cast

from coterie.flow.profiles.containers import State
from coterie.flow.profiles.timed import hours_since
from coterie.model.hours import HOUR_US
from coterie.model.merging import AGEING_OPS
from coterie.model.schema import TALLY_KIND, Field

DAY_US = 86_400_000_000
# The last instant that a datetime can name; nobody waits for what lies behind it.
LAST_US = 253_402_300_799_999_999


def kept(field: Field, state: State, now_us: int) -> State:
    """Return what `keep_days` leaves of a set or map at `now_us` (None: nothing)."""
    if field.keep_days is None or field.op not in AGEING_OPS:
        return state
    since = now_us - field.keep_days * DAY_US
    if field.kind == TALLY_KIND:
        return hours_since(state, since) or None
    left = {key: item for key, item in state.items() if _last_seen(item) > since}
    return left or None


def next_ageing(field: Field, state: State, now_us: int) -> int | None:
    """Return the first instant after `now_us` at which `kept` leaves less; None for never.

    Times are microseconds since 1970.
    """
    if field.keep_days is None or field.op not in AGEING_OPS:
        return None
    keep_us = field.keep_days * DAY_US
    if field.kind == TALLY_KIND:
        ends = [(hour + 1) * HOUR_US for hour in state]
    else:
        ends = [_last_seen(item) for item in state.values()]
    coming = [end for end in ends if end + keep_us > now_us]
    instant = min(coming) + keep_us if coming else None
    return instant if instant is not None and instant <= LAST_US else None


def _last_seen(item: State) -> int:
    """Return when a member of a set, or a key of a map, was last seen."""
    return cast("int", item if isinstance(item, int) else item[0])
