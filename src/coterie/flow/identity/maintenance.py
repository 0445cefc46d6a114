"""What is still to be done about identities: decisions to follow, groups too large for a batch."""

from collections.abc import Collection
from datetime import datetime

import msgspec

from coterie.model.decisions import DecisionWork
from coterie.model.mapped import Identifier
from coterie.store import Connection, TextArray, load_queries

SQL = load_queries("identity")

MAINTENANCE_LOCK = 4711003


class Unsettled(msgspec.Struct, frozen=True):
    """An identifier whose profile, with all that is connected to it, is to be clustered again."""

    account: int
    identifier: Identifier
    since: datetime


class Backlog(msgspec.Struct, frozen=True):
    """How many identifiers wait for maintenance, and how many of them are too large for it."""

    waiting: int
    too_large: int


def take_decision(conn: Connection) -> DecisionWork | None:
    """Return the next decision that profiles do not follow, locked until the transaction ends.

    None if there is none, or another worker follows it.
    """
    row = conn.execute(SQL.take_decision).fetchone()
    if row is None:
        return None
    number, account, kind, field_a, value_a, field_b, value_b = row
    first = (field_a, value_a)
    both = (first,) if field_b is None else (first, (field_b, value_b))
    return DecisionWork(number, account, kind, both)


def advance_decisions(conn: Connection, decision_id: int) -> None:
    """Note that profiles follow all decisions up to this one."""
    conn.execute(SQL.advance_decisions, {"decision_id": decision_id})


def last_decision(conn: Connection) -> int:
    """Return the number of the last decision that profiles follow."""
    row = conn.execute(SQL.last_decision).fetchone()
    return int(row[0]) if row else 0


def note_unsettled(
    conn: Connection, account: int, identifiers: Collection[Identifier], *, now: datetime
) -> None:
    """Leave the groups of these identifiers to maintenance."""
    if not identifiers:
        return
    ordered = sorted(identifiers)
    conn.execute(
        SQL.note_unsettled,
        {
            "account": account,
            "fields": TextArray([field for field, _ in ordered]),
            "values": TextArray([value for _, value in ordered]),
            "now": now,
        },
    )


def take_unsettled(conn: Connection, *, now: datetime) -> Unsettled | None:
    """Return what waits longest; None if nothing is due or another maintenance is at work.

    Until the transaction ends nobody else gets anything.
    """
    held = conn.execute(SQL.hold_maintenance, {"lock": MAINTENANCE_LOCK}).fetchone()
    row = conn.execute(SQL.next_unsettled, {"now": now}).fetchone() if held and held[0] else None
    return None if row is None else Unsettled(row[0], (row[1], row[2]), row[3])


def drop_unsettled(conn: Connection, item: Unsettled) -> None:
    """Note that a group is settled."""
    conn.execute(SQL.drop_unsettled, _key(item))


def postpone_unsettled(conn: Connection, item: Unsettled, *, until: datetime) -> None:
    """Try again later what is too large to be settled."""
    conn.execute(SQL.postpone_unsettled, {**_key(item), "until": until})


def count_unsettled(conn: Connection) -> Backlog:
    """Return how much waits, of all accounts."""
    row = conn.execute(SQL.count_unsettled).fetchone()
    return Backlog(*row) if row else Backlog(0, 0)


def _key(item: Unsettled) -> dict[str, object]:
    return {"account": item.account, "field": item.identifier[0], "value": item.identifier[1]}


def drop_unsettled_of(conn: Connection, account: int, identifiers: Collection[Identifier]) -> None:
    """Settle nothing about identifiers that are forgotten."""
    fields, values = zip(*sorted(identifiers), strict=True)
    asked = {"account": account, "fields": TextArray(fields), "values": TextArray(values)}
    conn.execute(SQL.drop_unsettled_of, asked)


def highest_decision(conn: Connection) -> int:
    """Return the number of the last decision that was made."""
    row = conn.execute(SQL.highest_decision).fetchone()
    return int(row[0]) if row else 0
