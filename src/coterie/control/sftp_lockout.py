"""How many wrong passwords our own SFTP server takes before it listens no more."""

import hashlib
import hmac
from datetime import datetime, timedelta

import msgspec

from coterie.base.clock import Clock
from coterie.base.seal import KeyRing
from coterie.control.rows import list_all, run
from coterie.store import Connection, Store, load_queries

# As of the console: after five failures in a row a name is locked for a quarter of an hour, here
# for the address that failed, so that nobody can lock a client's nightly upload out from elsewhere.
ATTEMPTS = 5
ADDRESS_ATTEMPTS = 30
LOCKED = timedelta(minutes=15)
# Failures that lie further apart are no row of them.
REMEMBERED = timedelta(hours=1)
PURPOSE = "sftp-lockout"


class _Failures(msgspec.Struct, frozen=True):
    who: bytes
    failures: int
    failed_at: datetime


class Lockout:
    """Counts failed sign-ins by address, and by address and name; all of it blocks.

    Kept in the database: a restart forgives nobody, and all servers count together.
    """

    def __init__(self, store: Store, ring: KeyRing, clock: Clock) -> None:
        self._store = store
        self._key = ring.hash_key(PURPOSE)
        self._clock = clock

    def is_locked(self, address: str, username: str) -> bool:
        """Answer whether this address has to wait before it may try this name."""
        with self._store.transaction() as conn:
            return self._is_locked(conn, address, username)

    def note_failure(self, address: str, username: str) -> bool:
        """Count a failure; return whether the name is locked for the address from now on."""
        queries, now = load_queries("authorizations"), self._clock()
        since = now - REMEMBERED
        values = {"who": list(self._limits(address, username)), "since": since, "now": now}
        with self._store.transaction() as conn:
            run(conn, queries.drop_old_sftp_failures, {"since": since})
            run(conn, queries.note_sftp_failure, values)
            return self._is_locked(conn, address, username)

    def note_success(self, address: str, username: str) -> None:
        """Forget the failures of a name that has signed in."""
        query = load_queries("authorizations").forget_sftp_failures
        with self._store.transaction() as conn:
            run(conn, query, {"who": self._who(address, username)})

    def _is_locked(self, conn: Connection, address: str, username: str) -> bool:
        limits, now = self._limits(address, username), self._clock()
        query = load_queries("authorizations").sftp_failures
        values = {"who": list(limits), "since": now - LOCKED}
        found = list_all(conn, query, values, row=_Failures)
        return any(each.failures >= limits[each.who] for each in found)

    def _limits(self, address: str, username: str) -> dict[bytes, int]:
        return {
            self._who(address, username): ATTEMPTS,
            self._who(address, ""): ADDRESS_ATTEMPTS,
        }

    def _who(self, address: str, username: str) -> bytes:
        text = f"{address}\n{username}".encode("utf-8", "surrogatepass")
        return hmac.new(self._key, text, hashlib.sha256).digest()
