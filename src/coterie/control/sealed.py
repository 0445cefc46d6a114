"""Configurations of authorizations as they are kept: sealed, each bound to its row."""

from typing import Any

import msgspec

from coterie.base.errors import UserError
from coterie.base.seal import KeyRing
from coterie.control.providers import Config
from coterie.control.rows import find_one
from coterie.store import Store, load_queries


class UnknownAuthorizationError(UserError):
    """The account has no such authorization."""

    code = "unknown_authorization"

    def __init__(self, *, account: int | None, authorization_id: int) -> None:
        where = f"Account {account}" if account is not None else "The installation"
        super().__init__(
            f"{where} has no authorization {authorization_id}. Create it under Data > "
            "Authorizations, or list them with `coterie authorization list`."
        )


class SealedConfig(msgspec.Struct, frozen=True):
    """An authorization with its configuration still sealed."""

    id: int
    provider: str
    method: str
    label: str
    description: str
    config_sealed: bytes


def open_config(store: Store, ring: KeyRing, authorization_id: int) -> dict[str, Any]:
    """Return a configuration with its secrets, for what speaks to the outside system.

    Raises UnknownAuthorizationError, BrokenSealError, UnknownSealKeyError.
    """
    return unseal(ring, read_sealed(store, None, authorization_id))


def read_sealed(store: Store, account: int | None, authorization_id: int) -> SealedConfig:
    """Return a sealed configuration, of any account if that is None.

    Raises UnknownAuthorizationError.
    """
    values = {"account": account, "authorization_id": authorization_id}
    query = load_queries("authorizations").find_sealed
    with store.transaction() as conn:
        found = find_one(conn, query, values, row=SealedConfig)
    if found is None:
        raise UnknownAuthorizationError(account=account, authorization_id=authorization_id)
    return found


def seal(ring: KeyRing, authorization_id: int, config: Config) -> bytes:
    """Return a configuration sealed for one authorization; moved to another it will not open."""
    return ring.seal(msgspec.json.encode(config.merged()), context=_context(authorization_id))


def unseal(ring: KeyRing, sealed: SealedConfig) -> dict[str, Any]:
    """Return a configuration with its secrets. Raises BrokenSealError, UnknownSealKeyError."""
    text = ring.unseal(sealed.config_sealed, context=_context(sealed.id))
    return msgspec.json.decode(text, type=dict[str, Any])


def _context(authorization_id: int) -> str:
    return f"authorization:{authorization_id}"
