"""Keeps what is known of raw keys, and how far the log was looked at."""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from coterie.base.sketch import Sketch
from coterie.flow.inspect.keys import EVENTS, KeyCount
from coterie.model.streams import KeyReport
from coterie.store import Connection, load_queries

SQL = load_queries("inspect")
# Keys that are made of ids would go on for ever.
MOST_KEYS = 1_000


class Behind(NamedTuple):
    """A lane with events that were not looked at: those after `seq`, up to `head`."""

    lane: int
    seq: int
    head: int


def take_lane_behind(conn: Connection) -> Behind | None:
    """Lock the lane with most events that were not looked at; None if there is none."""
    conn.execute(SQL.note_lanes.encode())
    for lane, head in conn.execute(SQL.lanes_behind.encode()).fetchall():
        row = conn.execute(SQL.take_inspected, {"lane": lane}).fetchone()
        if row is not None and row[0] < head:
            return Behind(lane, row[0], head)
    return None


def move_on(conn: Connection, lane: int, seq: int) -> None:
    """Note that the events of a lane up to `seq` were looked at or passed over."""
    conn.execute(SQL.move_on, {"lane": lane, "seq": seq})


def add_counts(
    conn: Connection, account: int, stream: str, counts: Mapping[str, KeyCount], *, sampled: bool
) -> None:
    """Add counts of keys to what is known of a stream, which holds `MOST_KEYS` keys at most."""
    asked = {"account": account, "stream": stream}
    rows = conn.execute(SQL.lock_keys, {**asked, "keys": sorted(counts)}).fetchall()
    row = conn.execute(SQL.count_keys, asked).fetchone()
    room = MOST_KEYS - (int(row[0]) if row else 0)
    known = {key: Sketch.unpack(uniques) for key, uniques in rows}
    # The count of events first, so that it always finds room.
    for key in sorted(counts, key=lambda name: (name != EVENTS, name)):
        if key not in known:
            if room <= 0:
                continue
            room -= 1
        count = counts[key]
        sketch = known.get(key, Sketch())
        sketch.merge(count.uniques)
        conn.execute(
            SQL.save_key,
            {
                **asked,
                "key": key,
                "times": count.times,
                "first_seen": count.first_seen,
                "last_seen": count.last_seen,
                "kinds": msgspec.json.encode(count.kinds).decode(),
                "uniques": sketch.pack(),
                "sampled": sampled,
            },
        )


def list_keys(conn: Connection, account: int, stream: str) -> list[KeyReport]:
    """Return what is known of a stream's keys, the most frequent first."""
    found = []
    rows = conn.execute(SQL.list_keys, {"account": account, "stream": stream})
    for key, times, first_seen, last_seen, kinds, uniques, is_sampled in rows:
        sketch = Sketch.unpack(uniques)
        found.append(
            KeyReport(
                key=key,
                times=times,
                first_seen=first_seen,
                last_seen=last_seen,
                kinds=kinds,
                uniques=sketch.count(),
                is_exact=sketch.is_exact and not is_sampled,
                is_sampled=is_sampled,
            )
        )
    return found
