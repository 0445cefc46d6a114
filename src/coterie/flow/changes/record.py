"""Write the stream of changes."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from coterie.model.changes import Change
from coterie.store import (
    BigintArray,
    Connection,
    IntArray,
    TextArray,
    TimeArray,
    UuidArray,
    load_queries,
)

SQL = load_queries("changes")

# Lanes that no collector fills; collectors' lanes are numbered from 0.
TIMER_LANE = 1_000_000
BACKFILL_LANE = 1_000_001
DECISION_LANE = 1_000_002


class Place(msgspec.Struct, frozen=True):
    """Where in the stream a transaction writes its changes; `first_n` counts up within it."""

    lane: int
    seq: int
    first_n: int = 0


def take_place(conn: Connection, lane: int) -> Place:
    """Return a new place in a lane of timers or backfills; the lane stays locked until commit."""
    row = conn.execute(SQL.take_change_number, {"lane": lane}).fetchone()
    return Place(lane, int(row[0]) if row else 0)


def record_changes(
    conn: Connection, account: int, changes: Sequence[Change], place: Place
) -> Place:
    """Write `changes` in their order; return the place after them."""
    if not changes:
        return place
    conn.execute(
        SQL.record_changes,
        {
            "lane": place.lane,
            "seq": place.seq,
            "first_n": place.first_n,
            "account": account,
            "profile_ids": UuidArray([change.profile_id for change in changes]),
            "kinds": TextArray([change.kind for change in changes]),
            "audience_ids": BigintArray([change.audience_id for change in changes]),
            "versions": IntArray([change.audience_version for change in changes]),
            "others": UuidArray([change.other_profile_id for change in changes]),
            "causes": TextArray([change.cause for change in changes]),
            "cause_seqs": BigintArray([change.cause_seq for change in changes]),
            "changed_at": TimeArray([change.changed_at for change in changes]),
        },
    )
    return Place(place.lane, place.seq, place.first_n + len(changes))


def record_swap(
    conn: Connection, generations: tuple[int, int], place: Place, *, now: datetime
) -> int:
    """Record who enters and leaves when one generation takes the place of another.

    Returns how many.
    """
    old, new = generations
    asked = {"old": old, "new": new, "lane": place.lane, "seq": place.seq, "at": now}
    row = conn.execute(SQL.record_swap, asked).fetchone()
    return int(row[0]) if row else 0
