"""The people who may sign in to the console."""

from datetime import datetime

from coterie.base.errors import UserError
from coterie.control.audit import Subject, record
from coterie.control.existing import require_account
from coterie.control.passwords import check_strength, generate_password, hash_password
from coterie.control.rows import find_one, get_value, list_all, run
from coterie.control.scopes import check_scopes
from coterie.control.sessions import (
    ABSOLUTE,
    IDLE,
    SignInError,
    get_session,
    normal_email,
    sign_in,
    sign_out,
)
from coterie.model.control import Actor, Person
from coterie.store import Connection, Store, load_queries

__all__ = [
    "ABSOLUTE",
    "IDLE",
    "BadPersonError",
    "SignInError",
    "UnknownPersonError",
    "create_person",
    "ensure_first_person",
    "get_session",
    "list_people",
    "set_disabled",
    "set_password",
    "sign_in",
    "sign_out",
]

FIRST_EMAIL = "admin@localhost"
EMAIL_LIMIT = 254


class BadPersonError(UserError):
    """A person who cannot be made as asked."""

    code = "bad_person"


class UnknownPersonError(UserError):
    """The account has no such person."""

    code = "unknown_person"

    def __init__(self, *, account: int, person_id: int) -> None:
        super().__init__(
            f"Account {account} has no user {person_id}. `coterie user list` shows its users."
        )


def create_person(  # noqa: PLR0913 - the sign-in form, spelled out
    store: Store,
    *,
    account: int,
    email: str,
    password: str,
    role: str,
    actor: Actor,
    now: datetime,
) -> Person:
    """Make someone who may sign in; `role` is one of the scopes.

    Raises BadPersonError, UnknownScopeError, WeakPasswordError, UnknownAccountError.
    """
    values = _checked(account=account, email=email, password=password, role=role, now=now)
    with store.transaction() as conn:
        return _insert(conn, values, actor=actor, now=now)


def ensure_first_person(
    store: Store, *, account: int, actor: Actor, now: datetime, email: str = FIRST_EMAIL
) -> tuple[str, str] | None:
    """Make the first administrator; return (e-mail, generated password), None if people exist.

    The password is shown by the caller this once and is kept as a hash only.
    """
    password = generate_password()
    with store.transaction() as conn:
        get_value(conn, load_queries("users").lock_first_run, {}, kind=object)
        if get_value(conn, load_queries("users").count_people, {}, kind=int):
            return None
        values = _checked(account=account, email=email, password=password, role="admin", now=now)
        person = _insert(conn, values, actor=actor, now=now)
    return person.email, password


def list_people(store: Store, account: int) -> list[Person]:
    """Return an account's people, oldest first."""
    with store.transaction() as conn:
        query = load_queries("users").list_people
        return list_all(conn, query, {"account": account}, row=Person)


def set_password(
    store: Store, *, account: int, person_id: int, password: str, actor: Actor, now: datetime
) -> Person:
    """Replace a person's password and end all their sessions.

    Raises UnknownPersonError, WeakPasswordError.
    """
    queries = load_queries("users")
    with store.transaction() as conn:
        person = _get(conn, account, person_id)
        check_strength(password, email=person.email)
        values = {"person_id": person_id, "password_hash": hash_password(password)}
        run(conn, queries.set_password, values)
        run(conn, queries.clear_failures, {"person_id": person_id})
        run(conn, queries.delete_sessions_of, {"person_id": person_id})
        subject = Subject(account, "user", person_id)
        record(conn, "password_changed", subject, actor=actor, now=now)
    return person


def set_role(
    store: Store, *, account: int, person_id: int, role: str, actor: Actor, now: datetime
) -> Person:
    """Give a person another role, in force from their next click.

    Raises UnknownPersonError, UnknownScopeError.
    """
    (wanted,) = check_scopes([role])
    with store.transaction() as conn:
        before = _get(conn, account, person_id)
        values = {"account": account, "person_id": person_id, "role": wanted}
        run(conn, load_queries("users").set_role, values)
        detail = {"from": before.role, "to": wanted}
        subject = Subject(account, "user", person_id)
        record(conn, "role_changed", subject, actor=actor, now=now, detail=detail)
        return _get(conn, account, person_id)


def set_disabled(
    store: Store, *, account: int, person_id: int, disabled: bool, actor: Actor, now: datetime
) -> Person:
    """Let a person in no more (which ends their sessions), or let them in again.

    Raises UnknownPersonError.
    """
    queries = load_queries("users")
    with store.transaction() as conn:
        _get(conn, account, person_id)
        instant = now if disabled else None
        values = {"account": account, "person_id": person_id, "disabled_at": instant}
        run(conn, queries.set_disabled, values)
        if disabled:
            run(conn, queries.delete_sessions_of, {"person_id": person_id})
        verb = "disabled" if disabled else "enabled"
        record(conn, verb, Subject(account, "user", person_id), actor=actor, now=now)
        return _get(conn, account, person_id)


def _checked(
    *, account: int, email: str, password: str, role: str, now: datetime
) -> dict[str, object]:
    email = normal_email(email)
    name, at, domain = email.partition("@")
    if not (name and at and domain) or len(email) > EMAIL_LIMIT or any(map(str.isspace, email)):
        raise BadPersonError("That is not an e-mail address. Use the form name@example.org.")
    check_strength(password, email=email)
    return {
        "account": account,
        "email": email,
        "password_hash": hash_password(password),
        "role": check_scopes([role])[0],
        "created_at": now,
    }


def _insert(conn: Connection, values: dict[str, object], *, actor: Actor, now: datetime) -> Person:
    account = values["account"]
    assert isinstance(account, int)  # noqa: S101 - _checked put it there
    require_account(conn, account)
    person = find_one(conn, load_queries("users").insert_person, values, row=Person)
    if person is None:
        raise BadPersonError(
            "Someone signs in with this e-mail address already. Use another address, or "
            "`coterie user password` to give that user a new password."
        )
    subject = Subject(account, "user", person.id)
    record(conn, "created", subject, actor=actor, now=now, detail={"role": person.role})
    return person


def _get(conn: Connection, account: int, person_id: int) -> Person:
    query = load_queries("users").find_person
    person = find_one(conn, query, {"person_id": person_id}, row=Person)
    if person is None or person.account != account:
        raise UnknownPersonError(account=account, person_id=person_id)
    return person
