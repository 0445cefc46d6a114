"""De-duplication of messages that a sender sent again."""

from collections.abc import Iterable
from datetime import date

from coterie.model.events import LoggedEvent
from coterie.store import BigintArray, BytesArray, Connection, load_queries

SQL = load_queries("eventlog")


def mark_seen(
    conn: Connection, events: Iterable[LoggedEvent], *, expires_on: date
) -> set[tuple[int, int]]:
    """Note the messages in `events`; return (lane, seq) of those that were noted before.

    Of two equal messages in `events` the first is new. Call it before any profile is locked: it may
    wait for another worker that notes the same message. Until `expires_on` a message is known for
    certain; how long after depends on when `forget_seen` runs.
    """
    first: dict[tuple[int, bytes], tuple[int, int]] = {}
    duplicates: set[tuple[int, int]] = set()
    for event in events:
        if event.message_hash is None:
            continue
        place = (event.lane, event.seq)
        if first.setdefault((event.account, event.message_hash), place) != place:
            duplicates.add(place)
    if first:
        new = _insert(conn, list(first), expires_on)
        duplicates.update(place for message, place in first.items() if message not in new)
    return duplicates


def forget_seen(conn: Connection, *, today: date, limit: int = 10_000) -> int:
    """Delete at most `limit` messages that expired by `today`; return how many."""
    return conn.execute(SQL.forget_seen, {"today": today, "count": limit}).rowcount


def _insert(
    conn: Connection, messages: list[tuple[int, bytes]], expires_on: date
) -> set[tuple[int, bytes]]:
    values = {
        "accounts": BigintArray([account for account, _ in messages]),
        "hashes": BytesArray([message_hash for _, message_hash in messages]),
        "expires_on": expires_on,
    }
    with conn.cursor(binary=True) as rows:
        return set(rows.execute(SQL.mark_seen, values).fetchall())
