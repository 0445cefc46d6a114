"""Outbox rows of people who are forgotten, and what destinations were told of a person."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import msgspec

from coterie.model.exports import IDENTIFIER_KINDS
from coterie.store import Connection, load_queries

SQL = load_queries("exports")


def names_of(values: Collection[str]) -> list[str]:
    """Return the texts under which destinations may know who has these values."""
    found = set(values)
    for kind in IDENTIFIER_KINDS:
        if kind != "alias":
            # An alias is compared without its label, which may be any.
            found |= {f"{kind}:{value}" for value in values}
    return sorted(found)


class Told(msgspec.Struct, frozen=True):
    """What a destination holds of ours under one name."""

    destination: int
    label: str
    attribute: str
    recipient: str
    told: dict[str, Any]
    settled_at: datetime | None


def drop_forgotten(conn: Connection, account: int, recipients: Sequence[str]) -> None:
    """Delete rows that nobody claims and whose destination need not be told any more."""
    asked = {"account": account, "recipients": list(recipients)}
    conn.execute(SQL.drop_forgotten, asked)
    conn.execute(SQL.drop_queued, asked)
    for recipient in recipients:
        rows = conn.execute(SQL.answers_naming, {"account": account, "text": recipient}).fetchall()
        if rows:
            conn.execute(SQL.drop_answers, {"ids": [number for number, _ in rows]})


def count_forgotten(conn: Connection, account: int, recipients: Sequence[str]) -> int:
    """Return how many rows that nobody claims are left."""
    asked = {"account": account, "recipients": list(recipients)}
    row = conn.execute(SQL.count_forgotten, asked).fetchone()
    return int(row[0]) if row else 0


def list_told(conn: Connection, account: int, recipients: Sequence[str]) -> list[Told]:
    """Return what destinations were told under these names."""
    asked = {"account": account, "recipients": list(recipients)}
    return [Told(*row) for row in conn.execute(SQL.list_deliveries, asked)]
