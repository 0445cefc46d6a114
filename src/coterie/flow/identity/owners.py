"""Which profile an identifier belongs to, as stored."""

from collections.abc import Collection, Mapping

from coterie.base.errors import TransientError
from coterie.model.mapped import Identifier
from coterie.model.profile import ProfileId
from coterie.store import Connection, TextArray, UuidArray, load_queries

SQL = load_queries("identity")


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
    fresh = sorted(item for item in owners if item not in known)
    moved = sorted(item for item in owners if item in known)
    if fresh:
        taken = conn.execute(SQL.take_identifiers, _columns(account, fresh, owners)).rowcount
        if taken != len(fresh):
            raise StaleReadError(what="an identifier")
    if moved:
        conn.execute(SQL.move_identifiers, _columns(account, moved, owners))


def _columns(
    account: int, identifiers: list[Identifier], owners: Mapping[Identifier, ProfileId]
) -> dict[str, object]:
    return {
        "account": account,
        "fields": TextArray([field for field, _ in identifiers]),
        "values": TextArray([value for _, value in identifiers]),
        "profile_ids": UuidArray([owners[identifier] for identifier in identifiers]),
    }
