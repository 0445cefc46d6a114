"""Which jobs have people deleted at Braze who are forgotten here, and where that is written."""

import msgspec

from coterie.control.rows import find_one, get_value, list_all
from coterie.store import Connection, load_queries

TARGET = {"form": "deletion", "attribute": ""}


class _Deleting(msgspec.Struct, frozen=True):
    destination: int
    authorization_id: int


class _Id(msgspec.Struct, frozen=True):
    id: int


def list_deleting(conn: Connection, account: int) -> dict[int, int]:
    """Return the destinations whose forgotten people are deleted, with their authorizations.

    One job that says so is enough. Jobs that have ended count: what they told is still there.
    """
    found = list_all(conn, load_queries("jobs").list_deleting, {"account": account}, row=_Deleting)
    return {each.destination: each.authorization_id for each in found}


def ensure_deletions(conn: Connection, account: int, authorization_id: int) -> int:
    """Return the destination that deletes an authorization's users; senders hear of a new one."""
    queries = load_queries("jobs")
    values = {"account": account, "authorization_id": authorization_id, **TARGET}
    made = find_one(conn, queries.insert_destination, values, row=_Id)
    if made is None:
        return get_value(conn, queries.find_destination, values, kind=int)
    get_value(conn, load_queries("definitions").bump_epoch, {}, kind=int)
    return made.id
