"""Messages that say again what was said last about the same person."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from coterie.store import BigintArray, BytesArray, Connection, TimeArray, load_queries

SQL = load_queries("eventlog")
FORGOTTEN_AT_ONCE = 10_000


class Saying(NamedTuple):
    """What a message says (`content`) about whom (`subject`), as hashes; a repeat until `until`."""

    account: int
    subject: bytes
    content: bytes
    at: datetime
    until: datetime


def mark_sayings(conn: Connection, sayings: Sequence[Saying]) -> set[int]:
    """Note what is said, in order; return the places in `sayings` that are repeats.

    A repeat says what was said last about its subject, before that one's `until`. What was said in
    between ends the repeating, so that a change and its undoing both count.
    """
    repeats: set[int] = set()
    left = list(range(len(sayings)))
    while left:
        # One of each subject at a time, since a statement can change a row only once.
        first: dict[tuple[int, bytes], int] = {}
        later: list[int] = []
        for place in left:
            saying = sayings[place]
            if first.setdefault((saying.account, saying.subject), place) != place:
                later.append(place)
        new = _mark(conn, [sayings[place] for place in first.values()])
        repeats.update(place for subject, place in first.items() if subject not in new)
        left = later
    return repeats


def forget_contents(conn: Connection, *, now: datetime) -> int:
    """Delete what can be no repeat any more, a chunk of it; return how many."""
    asked = {"now": now, "count": FORGOTTEN_AT_ONCE}
    return conn.execute(SQL.forget_contents, asked).rowcount


def _mark(conn: Connection, sayings: Sequence[Saying]) -> set[tuple[int, bytes]]:
    columns: dict[str, list[object]] = defaultdict(list)
    for saying in sayings:
        for name, value in saying._asdict().items():
            columns[name].append(value)
    values = {
        "accounts": BigintArray(columns["account"]),
        "subjects": BytesArray(columns["subject"]),
        "contents": BytesArray(columns["content"]),
        "starts": TimeArray(columns["at"]),
        "ends": TimeArray(columns["until"]),
    }
    with conn.cursor(binary=True) as rows:
        return set(rows.execute(SQL.mark_contents, values).fetchall())
