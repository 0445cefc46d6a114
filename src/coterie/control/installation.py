"""Whether the keys at hand are those that a database was made with."""

from datetime import datetime

import msgspec

from coterie.base.errors import PermanentError
from coterie.base.seal import KeyRing
from coterie.control.rows import find_one, get_value, run
from coterie.store import Connection, load_queries

FINGERPRINT_PURPOSE = "fingerprint"
FINGERPRINT_DIGITS = 16


class WrongKeysError(PermanentError):
    """The root key is not that of the database."""

    code = "wrong_keys"

    def __init__(self) -> None:
        super().__init__(
            "The keys at hand are not those that this database was made with: with them no stored "
            "secret opens, and known people would become strangers. Put the right keys back "
            "(keys/ring.json in the data folder, or COTERIE_SECRET_KEYS), or set COTERIE_DATA_DIR "
            "to the folder that holds them."
        )


class _Root(msgspec.Struct, frozen=True):
    root_fingerprint: str


def claim_database(conn: Connection, ring: KeyRing, *, now: datetime) -> None:
    """Bind a database to the root key of `ring`, unless it is bound already.

    Raises WrongKeysError if it is bound to another one.
    """
    values = {"root_fingerprint": root_fingerprint(ring), "now": now}
    run(conn, load_queries("installation").remember_root, values)
    check_keys(conn, ring)


def is_claimed(conn: Connection) -> bool:
    """Answer whether a database is bound to a root key."""
    return _find_root(conn) is not None


def check_keys(conn: Connection, ring: KeyRing) -> None:
    """Raise WrongKeysError if the database is bound to another root key than that of `ring`."""
    bound = _find_root(conn)
    if bound is not None and bound.root_fingerprint != root_fingerprint(ring):
        raise WrongKeysError


def root_fingerprint(ring: KeyRing) -> str:
    """Return 16 hexadecimal digits that tell root keys apart and betray nothing of them."""
    return ring.hash_key(FINGERPRINT_PURPOSE).hex()[:FINGERPRINT_DIGITS]


def _find_root(conn: Connection) -> _Root | None:
    queries = load_queries("installation")
    if not get_value(conn, queries.has_installation, {}, kind=bool):
        return None
    return find_one(conn, queries.find_root, {}, row=_Root)
