"""Which profile an identifier belongs to, as stored."""

import struct
from collections.abc import Collection, Iterator, Mapping

from coterie.base.errors import TransientError
from coterie.model.mapped import Identifier
from coterie.model.profile import ProfileId, Resolution
from coterie.store import (
    AlreadyThereError,
    Connection,
    TextArray,
    UuidArray,
    copy_packed,
    load_queries,
)

SQL = load_queries("identity")

# Four columns, each with its length before it: account, field, value, profile (uuid).
_HEAD = struct.Struct("!hiqi").pack
_LENGTH = struct.Struct("!i").pack
_PROFILE_LENGTH = _LENGTH(16)


class StaleReadError(TransientError):
    """Another worker changed what this batch had read; the batch must run again."""

    code = "stale_read"

    def __init__(self, *, what: str) -> None:
        super().__init__(
            f"Another worker changed {what} meanwhile. Run the batch again.", retry_after=0.0
        )


def find_owners(
    conn: Connection, account: int, identifiers: Collection[Identifier]
) -> dict[Identifier, ProfileId]:
    """Return the profile of each identifier that has one."""
    asked = list(identifiers)
    if not asked:
        return {}
    fields, values = zip(*asked, strict=True)
    question = {"account": account, "fields": TextArray(fields), "values": TextArray(values)}
    with conn.cursor(binary=True) as rows:
        found = rows.execute(SQL.find_owners, question).fetchall()
    return {asked[place - 1]: profile_id.hex() for place, profile_id in found}


def save_owners(
    conn: Connection,
    account: int,
    owners: Mapping[Identifier, ProfileId],
    known: Mapping[Identifier, ProfileId],
) -> None:
    """Give identifiers to profiles: `known` ones change hands, the others are new.

    Raises StaleReadError if another worker was first with a new one.
    """
    fresh = {item: owner for item, owner in owners.items() if item not in known}
    moved = sorted(item for item in owners if item in known) if known else []
    if fresh:
        try:
            copy_packed(conn, SQL.copy_identifiers, _rows(account, fresh))
        except AlreadyThereError as error:
            raise StaleReadError(what="an identifier") from error
    if moved:
        conn.execute(SQL.move_identifiers, _columns(account, moved, owners))


def find_carriers(
    conn: Connection, account: int, identifiers: Collection[Identifier]
) -> dict[Identifier, Identifier]:
    """Return the carrier of each identifier that is a passenger."""
    asked = list(identifiers)
    fields, values = zip(*asked, strict=True)
    question = {"account": account, "fields": TextArray(fields), "values": TextArray(values)}
    rows = conn.execute(SQL.find_carriers, question)
    return {asked[place - 1]: (field, value) for place, field, value in rows}


def save_passengers(
    conn: Connection, account: int, resolution: Resolution, owners: Mapping[Identifier, ProfileId]
) -> None:
    """Give new passengers to the profile of their carrier, and let others follow theirs.

    `owners` are the profiles of carriers whose profile did not change. Raises StaleReadError.
    """
    if resolution.carriers:
        moved = sorted(resolution.carriers)
        conn.execute(SQL.move_passengers, _columns(account, moved, resolution.carriers))
    if resolution.passengers:
        fresh = sorted(resolution.passengers)
        homes = {**owners, **resolution.owners}
        carriers = [resolution.passengers[item] for item in fresh]
        named = {item: homes[carrier] for item, carrier in zip(fresh, carriers, strict=True)}
        columns = {
            **_columns(account, fresh, named),
            "carrier_fields": TextArray([field for field, _ in carriers]),
            "carrier_values": TextArray([value for _, value in carriers]),
        }
        if conn.execute(SQL.take_passengers, columns).rowcount != len(fresh):
            raise StaleReadError(what="an identifier")


def list_passengers(
    conn: Connection, account: int, carriers: Collection[Identifier], *, limit: int
) -> list[tuple[Identifier, Identifier]]:
    """Return passengers with their carriers, at most `limit`."""
    if not carriers:
        return []
    fields, values = zip(*sorted(carriers), strict=True)
    question = {"account": account, "fields": TextArray(fields), "values": TextArray(values)}
    rows = conn.execute(SQL.list_passengers, {**question, "limit": limit})
    return [((row[0], row[1]), (row[2], row[3])) for row in rows]


def _rows(account: int, owners: Mapping[Identifier, ProfileId]) -> Iterator[bytes]:
    """Yield the rows of identifiers, in the order of their key."""
    # Texts alone are sorted in a third of the time of pairs.
    by_field: dict[str, dict[str, ProfileId]] = {}
    for (field, value), owner in owners.items():
        by_field.setdefault(field, {})[value] = owner
    for field in sorted(by_field):
        values = by_field[field]
        name = field.encode()
        head = _HEAD(4, 8, account, len(name)) + name
        for value in sorted(values):
            text, profile = value.encode(), bytes.fromhex(values[value])
            yield head + _LENGTH(len(text)) + text + _PROFILE_LENGTH + profile


def _columns(
    account: int, identifiers: list[Identifier], owners: Mapping[Identifier, ProfileId]
) -> dict[str, object]:
    return {
        "account": account,
        "fields": TextArray([field for field, _ in identifiers]),
        "values": TextArray([value for _, value in identifiers]),
        "profile_ids": UuidArray([owners[identifier] for identifier in identifiers]),
    }


def delete_owners(
    conn: Connection, account: int, profile_id: ProfileId, identifiers: Collection[Identifier]
) -> None:
    """Forget which profile these identifiers belong to, which is no more."""
    fields, values = zip(*sorted(identifiers), strict=True)
    asked = {"account": account, "fields": TextArray(fields), "values": TextArray(values)}
    conn.execute(SQL.delete_owners, {**asked, "profile_id": profile_id})
