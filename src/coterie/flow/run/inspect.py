"""Look at the raw keys of events, after workers have processed them."""

from collections import defaultdict
from datetime import datetime
from typing import Any

import msgspec

from coterie.flow.eventlog.read import read_next_after
from coterie.flow.inspect.keys import count_keys
from coterie.flow.inspect.store import add_counts, move_on, take_lane_behind
from coterie.store import Connection

EVENTS_A_LOOK = 1_000
# Further behind than this, the inspector looks at a sample, so that it costs next to nothing while
# a bulk load needs the processors.
MOST_BEHIND = 5_000
SAMPLE = 250
LOOKS_TO_CATCH_UP = 4

_decode = msgspec.json.Decoder(dict[str, Any]).decode


def inspect_next(conn: Connection) -> int:
    """Look at the next events of the lane that is furthest behind; return how many, 0 for none."""
    behind = take_lane_behind(conn)
    if behind is None:
        return 0
    waiting = behind.head - behind.seq
    is_far = waiting > MOST_BEHIND
    most = SAMPLE if is_far else min(EVENTS_A_LOOK, waiting)
    stride = waiting // LOOKS_TO_CATCH_UP if is_far else most
    weight = max(1, round(stride / most))
    events = read_next_after(conn, behind.lane, behind.seq, limit=most)
    seen: dict[tuple[int, str], list[tuple[dict[str, Any], datetime]]] = defaultdict(list)
    for event in events:
        seen[event.account, event.stream].append((_decode(event.body), event.received_at))
    for (account, stream), bodies in sorted(seen.items()):
        counts = count_keys(bodies, weight=weight)
        add_counts(conn, account, stream, counts, sampled=weight > 1)
    # Of a log that was trimmed the next events may lie far ahead.
    last = events[-1].seq if events else behind.head
    move_on(conn, behind.lane, min(max(last, behind.seq + stride), behind.head))
    return max(1, len(events))
