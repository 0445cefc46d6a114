"""Outbox rows of people who are forgotten, and what destinations were told of a person."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from coterie.model.delivery import CALM_SECONDS
from coterie.model.exports import IDENTIFIER_KINDS
from coterie.model.recipients import read_recipient
from coterie.store import Bell, Connection, load_queries, ring

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


def list_told_names(
    conn: Connection, recipients: Sequence[str], destinations: Collection[int]
) -> list[tuple[int, str]]:
    """Return which of these destinations were told, or may have been told, under which name.

    Events that wait are held until the transaction ends: none of them leaves unseen meanwhile.
    """
    asked = {"recipients": list(recipients), "destinations": sorted(destinations)}
    # In a statement of its own, for the next one sees what was committed while this one waited.
    conn.execute(SQL.lock_queued, asked)
    # Braze deletes nobody by a device, of which it was told in cohorts alone: these are left.
    return [
        (number, name)
        for number, name in conn.execute(SQL.list_told, asked)
        if read_recipient(name).kind != "device_id"
    ]


def ask_deletions(
    conn: Connection, account: int, users: Collection[tuple[int, str]], *, now: datetime
) -> int:
    """Have users deleted, each by a deleting destination and a name; return how many are new."""
    if not users:
        return 0
    numbers, names = zip(*sorted(users), strict=True)
    asked = {
        "account": account,
        "destinations": list(numbers),
        "recipients": list(names),
        "now": now,
    }
    made = conn.execute(SQL.ask_deletions, asked).rowcount
    if made:
        ring(conn, Bell.OUTBOX)
    return made


def drop_forgotten(
    conn: Connection,
    account: int,
    recipients: Sequence[str],
    *,
    deleting: Mapping[int, int],
    now: datetime,
) -> None:
    """Delete rows that nobody claims and whose destination need not be told any more.

    `deleting` gives the authorization of each destination whose people are deleted there as well.
    """
    asked = _asked(conn, account, recipients)
    placed = {
        "deleting": sorted(deleting),
        "authorizations": sorted(set(deleting.values())),
        "calm_since": now - timedelta(seconds=CALM_SECONDS),
    }
    conn.execute(SQL.drop_forgotten, asked | placed)
    conn.execute(SQL.empty_queued, {**asked, "now": now})
    conn.execute(SQL.drop_queued, asked)
    texts = {"destinations": asked["destinations"], "texts": asked["recipients"]}
    rows = conn.execute(SQL.answers_naming, texts).fetchall()
    if rows:
        conn.execute(SQL.drop_answers, {"ids": [number for (number,) in rows]})


def count_forgotten(conn: Connection, account: int, recipients: Sequence[str]) -> int:
    """Return how many rows that nobody claims are left."""
    asked = _asked(conn, account, recipients)
    row = conn.execute(SQL.count_forgotten, asked).fetchone()
    return int(row[0]) if row else 0


def list_told(conn: Connection, account: int, recipients: Sequence[str]) -> list[Told]:
    """Return what destinations were told under these names."""
    asked = _asked(conn, account, recipients)
    return [Told(*row) for row in conn.execute(SQL.list_deliveries, asked)]


def _asked(conn: Connection, account: int, recipients: Sequence[str]) -> dict[str, list[Any]]:
    found = conn.execute(SQL.list_destinations_of, {"account": account})
    return {"destinations": [number for (number,) in found], "recipients": list(recipients)}
