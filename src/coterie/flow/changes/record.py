"""Write the stream of changes."""

import struct
from collections.abc import Sequence
from datetime import datetime

import msgspec

from coterie.base.clock import to_us
from coterie.model.changes import Change
from coterie.store import PG_EPOCH_US, Connection, copy_packed, load_queries

SQL = load_queries("changes")

# Lanes that no collector fills; collectors' lanes are numbered from 0.
TIMER_LANE = 1_000_000
BACKFILL_LANE = 1_000_001
DECISION_LANE = 1_000_002

# Twelve columns, each with its length before it; the first four are lane, seq, n, account.
_START = struct.Struct("!hiiiqiiiqi16si").pack
_BIG = struct.Struct("!iq").pack
_SMALL = struct.Struct("!ii").pack
_LENGTH = struct.Struct("!i").pack
_NULL = _LENGTH(-1)
_ID_LENGTH = _LENGTH(16)


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
    rows: list[bytes] = []
    for n, change in enumerate(changes, place.first_n + 1):
        rows += _row(account, change, place, n)
    copy_packed(conn, SQL.copy_changes, rows)
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


def _row(account: int, change: Change, place: Place, n: int) -> tuple[bytes, ...]:
    kind, cause, other = change.kind.encode(), change.cause.encode(), change.other_profile_id
    return (
        _START(
            12,
            4,
            place.lane,
            8,
            place.seq,
            4,
            n,
            8,
            account,
            16,
            bytes.fromhex(change.profile_id),
            len(kind),
        ),
        kind,
        _NULL if change.audience_id is None else _BIG(8, change.audience_id),
        _NULL if change.audience_version is None else _SMALL(4, change.audience_version),
        _NULL if other is None else _ID_LENGTH + bytes.fromhex(other),
        _LENGTH(len(cause)),
        cause,
        _NULL if change.cause_seq is None else _BIG(8, change.cause_seq),
        _BIG(8, to_us(change.changed_at) - PG_EPOCH_US),
    )
