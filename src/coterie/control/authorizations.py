"""Access to outside systems: tried on save, kept sealed."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from coterie.base.errors import UserError
from coterie.base.seal import KeyRing
from coterie.control.audit import Subject, record
from coterie.control.changed_config import AddressChangedError, TwoSecretsError, merge_config
from coterie.control.existing import require_account
from coterie.control.managed_sftp import require_free_name
from coterie.control.providers import PROVIDERS, Config, check_config
from coterie.control.rows import find_one, get_value, list_all, run, to_json
from coterie.control.sealed import (
    UnknownAuthorizationError,
    keep_learned,
    open_config,
    read_sealed,
    seal,
    unseal,
)
from coterie.model.control import Actor, Authorization, Health, ProbeResult
from coterie.store import Connection, Store, load_queries

__all__ = [
    "PROVIDERS",
    "AddressChangedError",
    "AuthorizationInUseError",
    "AuthorizationRefusedError",
    "Probe",
    "TwoSecretsError",
    "UnknownAuthorizationError",
    "create_authorization",
    "delete_authorization",
    "get_authorization",
    "list_authorizations",
    "open_config",
    "test_authorization",
    "update_authorization",
]

Probe = Callable[[dict[str, Any]], ProbeResult]
"""Tries a configuration (secrets included) against the outside system; must not raise for a no."""

LABEL_LIMIT = 100
UNTRIED = ProbeResult(ok=True, detail="")


class AuthorizationRefusedError(UserError):
    """The outside system did not accept the configuration; nothing was saved."""

    code = "authorization_refused"

    def __init__(self, *, label: str, detail: str) -> None:
        super().__init__(f"{label!r} was tried and not saved: {detail}")


class AuthorizationInUseError(UserError):
    """Something still needs the authorization."""

    code = "authorization_in_use"


class BadLabelError(UserError):
    """An authorization without a usable label."""

    code = "bad_label"

    def __init__(self) -> None:
        super().__init__(f"An authorization needs a label of 1 to {LABEL_LIMIT} characters.")


def create_authorization(  # noqa: PLR0913 - the authorization form, spelled out
    store: Store,
    ring: KeyRing,
    *,
    account: int,
    provider: str,
    method: str,
    label: str,
    description: str = "",
    config: dict[str, Any],
    actor: Actor,
    now: datetime,
    probe: Probe | None = None,
) -> Authorization:
    """Try a configuration and save it sealed; without `probe` it is saved untried.

    Raises AuthorizationRefusedError, BadConfigError, BadLabelError, UnknownProviderError,
    UnknownInstanceError, UnknownAccountError.
    """
    label = _check_label(label)
    checked = check_config(provider, method, config)
    answer = _try(checked, probe, label=label)
    checked.public.update(answer.learned)
    queries = load_queries("authorizations")
    with store.transaction() as conn:
        require_account(conn, account)
        require_free_name(conn, method, checked, authorization_id=None)
        new_id = get_value(conn, queries.next_id, {}, kind=int)
        values = {
            "id": new_id,
            "account": account,
            "provider": provider,
            "method": method,
            "label": label,
            "description": description.strip(),
            "config_sealed": seal(ring, new_id, checked),
            "public_config": to_json(checked.public),
            "health": "unknown" if probe is None else "healthy",
            "health_detail": answer.detail,
            "caution": answer.caution,
            "checked_at": None if probe is None else now,
            "now": now,
        }
        run(conn, queries.insert_authorization, values)
        subject = Subject(account, "authorization", new_id)
        detail = {"provider": provider, "method": method, "label": label}
        record(conn, "created", subject, actor=actor, now=now, detail=detail)
        return _get(conn, account, new_id)


def update_authorization(  # noqa: PLR0913 - the authorization form, spelled out
    store: Store,
    ring: KeyRing,
    *,
    account: int,
    authorization_id: int,
    label: str | None = None,
    description: str | None = None,
    config: dict[str, Any] | None = None,
    without: Collection[str] = (),
    actor: Actor,
    now: datetime,
    probe: Probe | None = None,
) -> Authorization:
    """Change what is given (None: as it was); a secret left empty in `config` stays as it was.

    Options of `without` are taken away. A signing secret that is replaced stays in force beside the
    new one until it is taken away. Another configuration is tried first; at another address no
    stored secret stays. Raises what `create_authorization` raises, UnknownAuthorizationError,
    AddressChangedError and TwoSecretsError.
    """
    before = read_sealed(store, account, authorization_id)
    stored = unseal(ring, before)
    checked = merge_config(before, stored, config, without=without)
    label = _check_label(before.label if label is None else label)
    has_changed = checked.merged() != stored
    answer = _try(checked, probe, label=label) if has_changed else UNTRIED
    checked.public.update(answer.learned)
    queries = load_queries("authorizations")
    with store.transaction() as conn:
        _renew_epoch(conn)
        _lock(conn, account, authorization_id)
        require_free_name(conn, before.method, checked, authorization_id=authorization_id)
        values = {
            "account": account,
            "authorization_id": authorization_id,
            "label": label,
            "description": (before.description if description is None else description).strip(),
            "config_sealed": seal(ring, authorization_id, checked),
            "public_config": to_json(checked.public),
            "now": now,
        }
        run(conn, queries.update_authorization, values)
        if has_changed:
            health: Health = "unknown" if probe is None else "healthy"
            _save_answer(conn, authorization_id, health, answer, now=now)
        subject = Subject(account, "authorization", authorization_id)
        detail: dict[str, Any] = {"label": label, "config_changed": has_changed}
        if without:
            detail["taken_away"] = sorted(without)
        record(conn, "updated", subject, actor=actor, now=now, detail=detail)
        return _get(conn, account, authorization_id)


def test_authorization(
    store: Store, ring: KeyRing, *, account: int, authorization_id: int, probe: Probe, now: datetime
) -> Authorization:
    """Try a saved authorization and keep what came of it as its health.

    Raises UnknownAuthorizationError; a refusal is no error here but health "unhealthy".
    """
    sealed = read_sealed(store, account, authorization_id)
    config = unseal(ring, sealed)
    answer = probe(config)
    if answer.learned:
        keep_learned(store, ring, authorization_id, answer.learned, now=now)
    with store.transaction() as conn:
        health: Health = "healthy" if answer.ok else "unhealthy"
        _save_answer(conn, authorization_id, health, answer, now=now)
        return _get(conn, account, authorization_id)


# Its name begins like a test's, which it is not.
test_authorization.__test__ = False  # type: ignore[attr-defined]


def list_authorizations(store: Store, account: int) -> list[Authorization]:
    """Return an account's authorizations, oldest first, without secrets."""
    with store.transaction() as conn:
        query = load_queries("authorizations").list_authorizations
        return list_all(conn, query, {"account": account}, row=Authorization)


def get_authorization(store: Store, account: int, authorization_id: int) -> Authorization:
    """Return one authorization without secrets. Raises UnknownAuthorizationError."""
    with store.transaction() as conn:
        return _get(conn, account, authorization_id)


def delete_authorization(
    store: Store, *, account: int, authorization_id: int, actor: Actor, now: datetime
) -> None:
    """Forget an authorization and its secrets.

    Raises AuthorizationInUseError while jobs use it that have not ended.
    """
    queries = load_queries("authorizations")
    values = {"account": account, "authorization_id": authorization_id}
    with store.transaction() as conn:
        _renew_epoch(conn)
        _lock(conn, account, authorization_id)
        found = _get(conn, account, authorization_id)
        if found.jobs_in_use:
            raise AuthorizationInUseError(
                message=f"{found.jobs_in_use} jobs use the authorization {found.label!r}. Kill or "
                "delete them first."
            )
        run(conn, queries.delete_authorization, {**values, "empty": b"", "now": now})
        subject = Subject(account, "authorization", authorization_id)
        record(conn, "deleted", subject, actor=actor, now=now, detail={"label": found.label})


def _check_label(label: str) -> str:
    label = label.strip()
    if not label or len(label) > LABEL_LIMIT:
        raise BadLabelError
    return label


def _try(config: Config, probe: Probe | None, *, label: str) -> ProbeResult:
    if probe is None:
        return UNTRIED
    answer = probe(config.merged())
    if not answer.ok:
        raise AuthorizationRefusedError(label=label, detail=answer.detail)
    return answer


def _get(conn: Connection, account: int, authorization_id: int) -> Authorization:
    values = {"account": account, "authorization_id": authorization_id}
    query = load_queries("authorizations").find_authorization
    found = find_one(conn, query, values, row=Authorization)
    if found is None:
        raise UnknownAuthorizationError(account=account, authorization_id=authorization_id)
    return found


def _lock(conn: Connection, account: int, authorization_id: int) -> None:
    values = {"account": account, "authorization_id": authorization_id}
    query = load_queries("authorizations").lock_authorization
    if conn.execute(query.encode(), values).fetchone() is None:
        raise UnknownAuthorizationError(account=account, authorization_id=authorization_id)


def _renew_epoch(conn: Connection) -> None:
    # First of all locks, as in definition_change, so that the two cannot block each other.
    get_value(conn, load_queries("definitions").bump_epoch, {}, kind=int)


def _save_answer(
    conn: Connection, authorization_id: int, health: Health, answer: ProbeResult, *, now: datetime
) -> None:
    # Who could not try everything knows nothing new of what else cannot be done.
    caution = answer.caution if answer.ok else None
    save_health(conn, authorization_id, health, detail=answer.detail, caution=caution, now=now)


def save_health(
    conn: Connection,
    authorization_id: int,
    health: Health,
    *,
    detail: str,
    caution: str | None = None,
    now: datetime,
) -> None:
    """Keep what came of the last use of an authorization; `detail` is shown to people.

    `caution` says what it cannot do although it works; None leaves that as it was.
    """
    values = {
        "authorization_id": authorization_id,
        "health": health,
        "health_detail": detail,
        "caution": caution,
        "now": now,
    }
    run(conn, load_queries("authorizations").set_health, values)
