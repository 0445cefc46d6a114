"""The delivering side of the outbox table: what is due."""

from collections.abc import Collection
from datetime import datetime, timedelta

import msgspec

from coterie.model.delivery import Items, OutboxRow, Told
from coterie.store import Connection, TextArray, load_queries

QUERIES = load_queries("outbox")


class Position(msgspec.Struct, frozen=True):
    """Where in a destination's waiting rows a reader stands."""

    not_before: str = "-infinity"
    recipient: str = ""


START = Position()


_read_items = msgspec.json.Decoder(Items).decode
_read_told = msgspec.json.Decoder(dict[str, Told]).decode
NEVER: dict[str, Told] = {}


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows of a destination a sender asks for: due at `now`, after a position.

    `busy` are recipients that had a request under way when this was asked. `deletion` is the
    destination that deletes users with the same key, if there is one: a user is deleted, and told
    of anything after that, only when nothing was sent of them for `calm`. `clock` is the time,
    where `now` is ahead of it.
    `life` is how long a request without an answer may be worked on. `backfill`: those that a
    backfill made pending, else those of live changes.
    """

    limit: int
    now: datetime
    clock: datetime | None = None
    busy: Collection[str] = frozenset()
    after: Position = START
    deletion: int | None = None
    calm: timedelta = timedelta()
    life: timedelta = timedelta()
    backfill: bool = False


def take(conn: Connection, destination: int, due: Due) -> tuple[list[OutboxRow], Position]:
    """Return rows that are due, and the position of the last that was read (`START` at the end).

    Nothing is locked: only the holder of the authorization's lock may call this and send what it
    gets.
    """
    clock = due.clock or due.now
    values = {
        "destination": destination,
        "backfill": due.backfill,
        "limit": due.limit,
        "now": due.now,
        "clock": clock,
        # Who has something under way was read before, so that few of them stand after a position.
        "busy": TextArray(list(due.busy) if due.after == START else ()),
        "after_instant": due.after.not_before,
        "after_recipient": due.after.recipient,
        "deletion": due.deletion,
        "calm_since": clock - due.calm,
        "items_since": clock - max(due.calm, due.life),
    }
    with conn.cursor(binary=True) as cursor:
        read = cursor.execute(QUERIES.take.encode(), values).fetchall()
    rows = [
        OutboxRow(
            destination=destination,
            recipient=recipient,
            wanted=_read_items(wanted),
            told=_read_told(told) if told else NEVER,
            in_doubt=_read_told(in_doubt) if in_doubt else NEVER,
            version=version,
            attempts=attempts,
            told_version=told_version,
            uncertain=tuple(uncertain or ()),
        )
        for (
            recipient,
            wanted,
            told,
            in_doubt,
            version,
            attempts,
            told_version,
            _,
            uncertain,
        ) in read
        if recipient not in due.busy
    ]
    if len(read) < due.limit:
        return rows, START
    return rows, Position(read[-1][7], read[-1][0])


def forget_deleted(
    conn: Connection, destination: int, recipients: Collection[str], *, now: datetime
) -> None:
    """Note that users were deleted: other destinations of the key hold nothing of them any more."""
    values = {"destination": destination, "recipients": TextArray(list(recipients)), "now": now}
    conn.execute(QUERIES.forget_deleted.encode(), values)
    conn.execute(QUERIES.drop_deleted.encode(), values)


def unhold(conn: Connection, destination: int) -> int:
    """Make rows due whose items were kept back, because a job was resumed; return their number."""
    return conn.execute(QUERIES.unhold.encode(), {"destination": destination}).rowcount


def wake(conn: Connection, destination: int, *, now: datetime) -> int:
    """Make rows due whose requests without an answer are dead by now; return their number."""
    asked = {"destination": destination, "clock": now}
    return conn.execute(QUERIES.wake.encode(), asked).rowcount


def hurry(conn: Connection, destination: int) -> int:
    """End the back-off of all rows, because the destination answers again; return their number."""
    values = {"destination": destination}
    rows = conn.execute(QUERIES.hurry.encode(), values).rowcount
    return rows + conn.execute(QUERIES.hurry_queue.encode(), values).rowcount


def is_of_account(conn: Connection, account: int, destination: int) -> bool:
    """Answer whether a destination is in use by an account."""
    values = {"account": account, "destination": destination}
    return conn.execute(QUERIES.is_of_account.encode(), values).fetchone() is not None


def count_waiting(conn: Connection, destination: int) -> int:
    """Return how many users' changes, events and purchases have yet to go to the destination."""
    found = conn.execute(QUERIES.count_waiting.encode(), {"destination": destination}).fetchone()
    return int(found[0]) if found else 0
