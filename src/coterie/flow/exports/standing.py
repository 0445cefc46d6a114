"""What users at a destination hold already, for those who only count."""

from collections.abc import Sequence

import msgspec

from coterie.model.delivery import Items, OutboxRow, Told
from coterie.store import Connection, TextArray, load_queries

QUERIES = load_queries("outbox")


class _Read(msgspec.Struct, frozen=True, array_like=True):
    recipient: str
    wanted: Items
    told: dict[str, Told]
    in_doubt: dict[str, Told]
    version: int


_read = msgspec.json.Decoder(list[_Read]).decode


def find_rows(conn: Connection, destination: int, recipients: Sequence[str]) -> list[OutboxRow]:
    """Return the rows that these recipients have, without a lock."""
    asked = {"destination": destination, "recipients": TextArray(list(recipients))}
    found = conn.execute(QUERIES.find_rows.encode(), asked).fetchone()
    return [
        OutboxRow(
            destination=destination,
            recipient=one.recipient,
            wanted=one.wanted,
            told=one.told,
            in_doubt=one.in_doubt,
            version=one.version,
            attempts=0,
        )
        for one in (_read(found[0]) if found else ())
    ]


def count_above(conn: Connection, destination: int, *, limit: int) -> int:
    """Return how many users shall hold more than `limit` items."""
    asked = {"destination": destination, "limit": limit}
    found = conn.execute(QUERIES.count_above.encode(), asked).fetchone()
    return int(found[0]) if found else 0


def count_told(conn: Connection, destination: int, keys: Sequence[str]) -> int:
    """Return how many users were told of at least one of these items."""
    asked = {"destination": destination, "keys": TextArray(list(keys))}
    found = conn.execute(QUERIES.count_told.encode(), asked).fetchone()
    return int(found[0]) if found else 0
