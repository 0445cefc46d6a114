"""Configurations of authorizations as they are kept: sealed, each bound to its row."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from coterie.base.errors import UserError
from coterie.base.seal import KeyRing
from coterie.control.audit import Subject, record
from coterie.control.provider_forms import Config
from coterie.control.rows import find_one, get_value, run, to_json
from coterie.model.control import Actor
from coterie.store import Store, load_queries

LEARNER = Actor(name="first connection")


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


def keep_learned(
    store: Store,
    ring: KeyRing,
    authorization_id: int,
    learned: Mapping[str, str],
    *,
    now: datetime,
) -> bool:
    """Add options that a connection taught, such as a host key, where none is set yet.

    Return whether anything was added. Raises UnknownAuthorizationError.
    """
    queries = load_queries("authorizations")
    values = {"account": None, "authorization_id": authorization_id}
    with store.transaction() as conn:
        sealed = find_one(conn, queries.lock_sealed, values, row=SealedConfig)
        if sealed is None:
            raise UnknownAuthorizationError(account=None, authorization_id=authorization_id)
        stored = unseal(ring, sealed)
        new = {name: value for name, value in learned.items() if value and not stored.get(name)}
        if new:
            config = Config(new, stored)
            changes = {
                "authorization_id": authorization_id,
                "config_sealed": seal(ring, authorization_id, config),
                "learned": to_json(new),
                "now": now,
            }
            run(conn, queries.keep_learned, changes)
            account = get_value(conn, queries.find_account, values, kind=int)
            subject = Subject(account, "authorization", authorization_id)
            detail = {"options": sorted(new)}
            record(conn, "learned", subject, actor=LEARNER, now=now, detail=detail)
    return bool(new)


def seal(ring: KeyRing, authorization_id: int, config: Config) -> bytes:
    """Return a configuration sealed for one authorization; moved to another it will not open."""
    return ring.seal(msgspec.json.encode(config.merged()), context=_context(authorization_id))


def unseal(ring: KeyRing, sealed: SealedConfig) -> dict[str, Any]:
    """Return a configuration with its secrets. Raises BrokenSealError, UnknownSealKeyError."""
    text = ring.unseal(sealed.config_sealed, context=_context(sealed.id))
    return msgspec.json.decode(text, type=dict[str, Any])


def _context(authorization_id: int) -> str:
    return f"authorization:{authorization_id}"
