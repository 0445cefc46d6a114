"""Which accounts have to look for events of people who were forgotten."""

import msgspec

from coterie.control.rows import list_all
from coterie.store import Connection, load_queries


class _Row(msgspec.Struct, frozen=True):
    account: int


def suppressing_accounts(conn: Connection) -> frozenset[int]:
    """Return the accounts that suppress anybody."""
    query = load_queries("erasures").list_suppressing_accounts
    return frozenset(row.account for row in list_all(conn, query, {}, row=_Row))
