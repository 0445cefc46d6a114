"""Who is let in."""

import asyncio
from contextlib import suppress

import asyncssh
import msgspec
import structlog

from coterie.model.sftp import ManagedUser
from coterie.sftpd.dependencies import SftpDependencies
from coterie.sftpd.limits import (
    ADDRESS_CONNECTIONS,
    CONNECTIONS,
    USER_CONNECTIONS,
    Connections,
)
from coterie.sftpd.session import Session
from coterie.sftpd.usage import Usage

log = structlog.get_logger(__name__)

ALL = "*"


class House(msgspec.Struct, frozen=True):
    """What all connections share."""

    deps: SftpDependencies
    connections: Connections
    usages: dict[int, Usage]
    pardons: set[asyncio.Task[None]]

    @classmethod
    def of(cls, deps: SftpDependencies) -> "House":
        """Return a house without guests."""
        return cls(deps, Connections(), {}, set())

    def usage_of(self, user: ManagedUser) -> Usage:
        """Return the counter that all connections of a user share; limits may have changed."""
        known = self.usages.get(user.authorization_id)
        if known is None or not known.fits(user):
            known = Usage(user, self.deps.folder_of(user))
            self.usages[user.authorization_id] = known
        return known

    def pardon(self, address: str, username: str) -> None:
        """Forget the failures of who has signed in, in a while: the caller must not wait."""
        forget = asyncio.to_thread(self.deps.lockout.note_success, address, username)
        task = asyncio.create_task(forget)
        # The event loop itself keeps tasks by weak references only.
        self.pardons.add(task)
        task.add_done_callback(self._note_pardon)

    def _note_pardon(self, task: asyncio.Task[None]) -> None:
        self.pardons.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("sftpd.pardon.failed", error=type(error).__name__)


class Door(asyncssh.SSHServer):
    """One connection's sign-in: a password or a key, no shell, no forwarding."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._address = ""
        self._user: ManagedUser | None = None
        self._entered: list[str] = []
        self._is_in = False

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Count the connection, or hang up."""
        peer = conn.get_extra_info("peername")
        self._address = str(peer[0]) if peer else ""
        if not self._enter(ALL, CONNECTIONS) or not self._enter(
            f"address {self._address}", ADDRESS_CONNECTIONS
        ):
            log.warning("sftpd.connection.refused", reason="too many")
            conn.abort()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the protocol's
        """Count the connection off."""
        while self._entered:
            self._house.connections.leave(self._entered.pop())

    async def begin_auth(self, username: str) -> bool:
        """Look the user up; everybody has to prove who they are, known or not."""
        self._user = await asyncio.to_thread(self._house.deps.find_user, username)
        return True

    def password_auth_supported(self) -> bool:
        """Answer yes even for users of keys, so that nobody learns who has what."""
        return True

    def public_key_auth_supported(self) -> bool:
        """Answer yes."""
        return True

    async def validate_password(self, username: str, password: str) -> bool:
        """Answer whether the password is right, unless the name is locked for this address."""
        if await self._is_locked(username):
            return False
        user = self._user
        kept = user.password_hash if user is not None else None
        is_right = await asyncio.to_thread(self._house.deps.is_right, kept, password)
        if not is_right or user is None:
            await self._note_failure(username)
            return False
        return self._let_in(user)

    async def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """Answer whether the key is the user's; clients may offer several, so no failure counts."""
        user = self._user
        if user is None or key not in _keys_of(user) or await self._is_locked(username):
            return False
        return self._let_in(user)

    def session_requested(self) -> Session | bool:
        """Serve the user's folder: nothing else is offered."""
        user = self._user
        if user is None:
            return False
        return Session(self._house.deps, user, self._house.usage_of(user))

    def _let_in(self, user: ManagedUser) -> bool:
        # Asked twice for a key: whether it would do, then with its signature.
        if self._is_in:
            return True
        if not self._enter(f"user {user.authorization_id}", USER_CONNECTIONS):
            log.warning("sftpd.sign_in.refused", user=user.authorization_id, reason="too many")
            return False
        self._is_in = True
        return True

    def auth_completed(self) -> None:
        """Forget earlier failures."""
        if self._user is not None:
            self._house.pardon(self._address, self._user.username)
            log.info("sftpd.signed_in", user=self._user.authorization_id)

    async def _is_locked(self, username: str) -> bool:
        is_locked = self._house.deps.lockout.is_locked
        return await asyncio.to_thread(is_locked, self._address, username)

    async def _note_failure(self, username: str) -> None:
        note_failure = self._house.deps.lockout.note_failure
        is_locked = await asyncio.to_thread(note_failure, self._address, username)
        log.warning("sftpd.sign_in.failed", known=self._user is not None, locked=is_locked)
        if is_locked and self._user is not None:
            detail = {"from": self._address}
            await asyncio.to_thread(self._house.deps.record, self._user, "locked", detail)

    def _enter(self, key: str, most: int) -> bool:
        is_counted = self._house.connections.enter(key, most)
        if is_counted:
            self._entered.append(key)
        return is_counted


def _keys_of(user: ManagedUser) -> list[asyncssh.SSHKey]:
    keys = []
    for line in user.public_keys.splitlines():
        # One that was saved untried and cannot be read opens nothing.
        with suppress(asyncssh.KeyImportError):
            keys.append(asyncssh.import_public_key(line))
    return keys
