"""De-duplication of messages that a sender sent again."""

import struct
from collections.abc import Iterable
from datetime import date, timedelta

from coterie.model.events import LoggedEvent
from coterie.store import (
    AlreadyThereError,
    BigintArray,
    BytesArray,
    Connection,
    copy_packed,
    load_queries,
)
from coterie.store.fences import close_fence

SQL = load_queries("eventlog")

CAREFUL_BATCHES = 20
"""So many batches are marked message by message after one that held a message again."""

Message = tuple[int, bytes]
"""Account, hash of the message's id."""

_ACCOUNT_LENGTH = struct.Struct("!hiqi").pack
_DAY = struct.Struct("!ii").pack
_PG_EPOCH_DAY = date(2000, 1, 1).toordinal()


class SeenMessages:
    """Marks messages as seen. One for each worker: it remembers whether any came twice lately."""

    def __init__(self) -> None:
        self._careful = 0

    def mark(self, conn: Connection, events: Iterable[LoggedEvent]) -> set[tuple[int, int]]:
        """Note the messages in `events`; return (lane, seq) of those that were noted before.

        Of two equal messages in `events` the first is new. Call it behind the fence, and before any
        profile is locked: it may wait for another worker that notes the same message.
        """
        first: dict[Message, tuple[int, int]] = {}
        duplicates: set[tuple[int, int]] = set()
        for event in events:
            if event.message_hash is None:
                continue
            place = (event.lane, event.seq)
            if first.setdefault((event.account, event.message_hash), place) != place:
                duplicates.add(place)
        if not first:
            return duplicates
        for message in self._known(conn, first.keys()):
            duplicates.add(first[message])
        return duplicates

    def _known(self, conn: Connection, messages: Iterable[Message]) -> set[Message]:
        """Note messages, all different; return those that were noted before."""
        current, *previous = [day for (day,) in conn.execute(SQL.seen_periods)]
        asked = sorted(messages)
        known: set[Message] = set()
        for day in previous:
            known |= _find(conn, asked, day)
        fresh = [message for message in asked if message not in known] if known else asked
        if not self._careful:
            try:
                with conn.transaction():
                    _copy(conn, fresh, current)
            except AlreadyThereError:
                self._careful = CAREFUL_BATCHES
            else:
                return known
        self._careful -= 1
        return known | (set(fresh) - _mark(conn, fresh, current))


def turn_seen_period(conn: Connection, *, today: date, days: int) -> bool:
    """Open a new period if the newest is `days` old; say whether it was.

    What was marked stays known through the period after the one that it was marked in, so for at
    least `days`.
    """
    if not _is_over(conn, today, days):
        return False
    close_fence(conn)
    # Another process may have been first.
    if not _is_over(conn, today, days):
        return False
    newest = conn.execute(SQL.seen_periods).fetchone()
    conn.execute(SQL.open_seen_period, {"day": today})
    if newest is not None:
        conn.execute(SQL.drop_seen_periods, {"before": newest[0]})
    return True


def _is_over(conn: Connection, today: date, days: int) -> bool:
    newest = conn.execute(SQL.seen_periods).fetchone()
    return newest is None or today - newest[0] >= timedelta(days=days)


def _columns(messages: list[Message], opened_on: date) -> dict[str, object]:
    return {
        "accounts": BigintArray([account for account, _ in messages]),
        "hashes": BytesArray([message_hash for _, message_hash in messages]),
        "opened_on": opened_on,
    }


def _find(conn: Connection, messages: list[Message], opened_on: date) -> set[Message]:
    with conn.cursor(binary=True) as rows:
        return set(rows.execute(SQL.find_seen, _columns(messages, opened_on)).fetchall())


def _mark(conn: Connection, messages: list[Message], opened_on: date) -> set[Message]:
    with conn.cursor(binary=True) as rows:
        return set(rows.execute(SQL.mark_seen, _columns(messages, opened_on)).fetchall())


def _copy(conn: Connection, messages: list[Message], opened_on: date) -> None:
    day = _DAY(4, opened_on.toordinal() - _PG_EPOCH_DAY)
    parts: list[bytes] = []
    for account, message_hash in messages:
        parts += (_ACCOUNT_LENGTH(3, 8, account, len(message_hash)), message_hash, day)
    copy_packed(conn, SQL.copy_seen, parts)
