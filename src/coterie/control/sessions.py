"""Signing in to the console, and the sessions that come of it."""

import hashlib
from datetime import datetime, timedelta

import msgspec

from coterie.base.errors import UserError
from coterie.base.ids import random_token
from coterie.control.audit import Subject, record
from coterie.control.passwords import hash_password, is_outdated, is_right
from coterie.control.rows import find_one, run
from coterie.model.control import Actor, Person, Session, SignedIn
from coterie.store import Connection, Store, load_queries

ATTEMPTS = 5
LOCKED = timedelta(minutes=15)
ABSOLUTE = timedelta(hours=12)
IDLE = timedelta(hours=2)


class SignInError(UserError):
    """The same words whoever asks: they do not tell whether the address is known or locked."""

    code = "sign_in_refused"

    def __init__(self) -> None:
        super().__init__(
            "The e-mail address or the password is wrong. Try again; after "
            f"{ATTEMPTS} failures in a row an address is locked for "
            f"{LOCKED.seconds // 60} minutes."
        )


class _Credentials(msgspec.Struct, frozen=True):
    id: int
    account: int
    email: str
    role: str
    created_at: datetime
    disabled_at: datetime | None
    password_hash: str

    def person(self) -> Person:
        return Person(
            id=self.id,
            account=self.account,
            email=self.email,
            role=self.role,
            created_at=self.created_at,
            disabled_at=self.disabled_at,
        )


class _Row(msgspec.Struct, frozen=True):
    csrf_token: str
    created_at: datetime
    expires_at: datetime
    person_id: int


def normal_email(email: str) -> str:
    """Return the address as it is kept and compared."""
    return email.strip().lower()


def sign_in(
    store: Store, *, email: str, password: str, now: datetime, lifetime: timedelta = ABSOLUTE
) -> SignedIn:
    """Return a new session of `lifetime`. Raises SignInError.

    After 5 failures the address is locked for 15 minutes, even for the right password.
    """
    credentials = _take_attempt(store, normal_email(email), now)
    kept = credentials.password_hash if credentials else None
    if not is_right(kept, password) or credentials is None:
        raise SignInError
    with store.transaction() as conn:
        return _open_session(conn, credentials, password, now=now, lifetime=lifetime)


def get_session(
    store: Store,
    *,
    session_token: str,
    now: datetime,
    idle: timedelta = IDLE,
    is_click: bool = True,
) -> Session | None:
    """Return the session of a cookie, None if it has ended: by time, idleness or sign-out.

    What is no click, such as a page that reloads itself, does not keep it from idling out.
    """
    queries = load_queries("users")
    token_hash = _hash(session_token)
    with store.transaction() as conn:
        values = {"token_hash": token_hash, "now": now, "idle_since": now - idle}
        found = find_one(conn, queries.find_session, values, row=_Row)
        if found is None:
            return None
        if is_click:
            run(conn, queries.touch_session, {"token_hash": token_hash, "now": now})
        person = find_one(conn, queries.find_person, {"person_id": found.person_id}, row=Person)
    if person is None:
        return None
    return Session(
        person=person,
        csrf_token=found.csrf_token,
        created_at=found.created_at,
        expires_at=found.expires_at,
    )


def sign_out(store: Store, *, session_token: str) -> bool:
    """End a session; return whether there was one."""
    with store.transaction() as conn:
        values = {"token_hash": _hash(session_token)}
        return run(conn, load_queries("users").delete_session, values) > 0


def _take_attempt(store: Store, email: str, now: datetime) -> _Credentials | None:
    queries = load_queries("users")
    with store.transaction() as conn:
        found = find_one(conn, queries.find_credentials, {"email": email}, row=_Credentials)
        if found is None or found.disabled_at is not None:
            return None
        values = {
            "person_id": found.id,
            "now": now,
            "locked_until": now + LOCKED,
            "limit": ATTEMPTS,
        }
        allowed = conn.execute(queries.take_attempt.encode(), values).fetchone()
    return found if allowed else None


def _open_session(
    conn: Connection,
    credentials: _Credentials,
    password: str,
    *,
    now: datetime,
    lifetime: timedelta,
) -> SignedIn:
    queries = load_queries("users")
    person = credentials.person()
    session_token, csrf_token = random_token(), random_token()
    run(conn, queries.clear_failures, {"person_id": person.id})
    if is_outdated(credentials.password_hash):
        values = {"person_id": person.id, "password_hash": hash_password(password)}
        run(conn, queries.set_password, values)
    run(conn, queries.delete_ended_sessions, {"now": now})
    session = {
        "token_hash": _hash(session_token),
        "person_id": person.id,
        "csrf_token": csrf_token,
        "created_at": now,
        "expires_at": now + lifetime,
    }
    run(conn, queries.insert_session, session)
    actor = Actor(name=f"person:{person.id}", account=person.account)
    record(conn, "signed_in", Subject(person.account, "user", person.id), actor=actor, now=now)
    return SignedIn(
        session_token=session_token,
        csrf_token=csrf_token,
        person=person,
        expires_at=now + lifetime,
    )


def _hash(token: str) -> bytes:
    # A fast hash is enough for 256 random bits; odd bytes in a hostile cookie must not raise.
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
