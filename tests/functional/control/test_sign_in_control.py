from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from coterie.base.clock import Clock
from coterie.base.errors import UserError
from coterie.control import users
from coterie.control.passwords import WeakPasswordError
from coterie.control.scopes import UnknownScopeError
from coterie.model.control import Account, Actor, Person
from coterie.store import Store

PASSWORD = "correct horse battery"
EMAIL = "someone@example.org"

Advance = Callable[..., datetime]


@pytest.fixture
def person(store: Store, account: Account, actor: Actor, clock: Clock) -> Person:
    return users.create_person(
        store,
        account=account.number,
        email=" Someone@Example.org ",
        password=PASSWORD,
        role="admin",
        actor=actor,
        now=clock(),
    )


def fail_once(store: Store, now: datetime) -> str:
    with pytest.raises(users.SignInError) as refusal:
        users.sign_in(store, email=EMAIL, password="wrong horse battery", now=now)
    return refusal.value.message


def test_the_right_password_opens_a_session(store: Store, person: Person, clock: Clock) -> None:
    signed_in = users.sign_in(store, email="SOMEONE@example.org", password=PASSWORD, now=clock())

    session = users.get_session(store, session_token=signed_in.session_token, now=clock())
    assert session is not None
    assert session.person == person
    assert session.csrf_token == signed_in.csrf_token


def test_neither_password_nor_session_token_is_kept(
    store: Store, person: Person, clock: Clock
) -> None:
    signed_in = users.sign_in(store, email=EMAIL, password=PASSWORD, now=clock())

    with store.transaction() as conn:
        rows = conn.execute(
            "SELECT p::text || s::text || encode(s.token_hash, 'escape')"
            " FROM person p, console_session s"
        ).fetchall()
    assert person.id
    assert PASSWORD not in str(rows)
    assert signed_in.session_token not in str(rows)


def test_an_unknown_address_is_refused_in_the_same_words(
    store: Store, person: Person, clock: Clock
) -> None:
    message = fail_once(store, clock())

    with pytest.raises(users.SignInError) as refusal:
        users.sign_in(store, email="nobody@example.org", password=PASSWORD, now=clock())
    assert refusal.value.message == message
    assert person.email not in message


def test_five_failures_lock_the_address_for_fifteen_minutes(
    store: Store, person: Person, clock: Clock, advance: Advance
) -> None:
    messages = {fail_once(store, clock()) for _ in range(5)}

    with pytest.raises(users.SignInError) as refusal:
        users.sign_in(store, email=EMAIL, password=PASSWORD, now=advance(minutes=14, seconds=59))
    assert {refusal.value.message} == messages
    signed_in = users.sign_in(store, email=EMAIL, password=PASSWORD, now=advance(seconds=1))
    assert signed_in.person == person


def test_a_lock_that_ran_out_gives_five_new_tries(
    store: Store, person: Person, clock: Clock, advance: Advance
) -> None:
    for _ in range(5):
        fail_once(store, clock())
    advance(minutes=15)
    for _ in range(4):
        fail_once(store, clock())

    assert users.sign_in(store, email=EMAIL, password=PASSWORD, now=clock()).person == person


def test_the_right_password_forgives_earlier_failures(
    store: Store, person: Person, clock: Clock
) -> None:
    for _ in range(4):
        fail_once(store, clock())
    users.sign_in(store, email=EMAIL, password=PASSWORD, now=clock())
    for _ in range(4):
        fail_once(store, clock())

    assert users.sign_in(store, email=EMAIL, password=PASSWORD, now=clock()).person == person


def test_guesses_made_in_parallel_share_the_five_tries(
    store: Store, person: Person, clock: Clock
) -> None:
    def guess(_: int) -> bool:
        try:
            users.sign_in(store, email=EMAIL, password="wrong horse battery", now=clock())
        except users.SignInError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert not any(pool.map(guess, range(12)))

    with store.transaction() as conn:
        count = conn.execute("SELECT failed_count FROM person").fetchone()
    assert count == (5,)
    assert person.id


def test_a_session_ends_at_its_time(
    store: Store, person: Person, clock: Clock, advance: Advance
) -> None:
    lifetime = timedelta(hours=12)
    token = users.sign_in(
        store, email=EMAIL, password=PASSWORD, now=clock(), lifetime=lifetime
    ).session_token
    for _ in range(11):
        assert users.get_session(store, session_token=token, now=advance(hours=1)) is not None

    assert users.get_session(store, session_token=token, now=advance(hours=1)) is None
    assert person.id


def test_a_session_without_a_click_ends(
    store: Store, person: Person, clock: Clock, advance: Advance
) -> None:
    token = users.sign_in(store, email=EMAIL, password=PASSWORD, now=clock()).session_token
    idle = timedelta(minutes=30)

    assert users.get_session(store, session_token=token, now=advance(minutes=29), idle=idle)
    assert users.get_session(store, session_token=token, now=advance(minutes=29), idle=idle)
    assert users.get_session(store, session_token=token, now=advance(minutes=30), idle=idle) is None
    assert person.id


def test_signing_out_ends_the_session(store: Store, person: Person, clock: Clock) -> None:
    token = users.sign_in(store, email=EMAIL, password=PASSWORD, now=clock()).session_token

    assert users.sign_out(store, session_token=token)
    assert users.get_session(store, session_token=token, now=clock()) is None
    assert not users.sign_out(store, session_token=token)
    assert person.id


@pytest.mark.parametrize("token", ["", "x", "\udce4" * 10, "x" * 100_000])
def test_a_made_up_session_token_opens_nothing(store: Store, clock: Clock, token: str) -> None:
    assert users.get_session(store, session_token=token, now=clock()) is None


def test_a_disabled_person_is_out_at_once_and_can_come_back(
    store: Store, person: Person, actor: Actor, clock: Clock
) -> None:
    token = users.sign_in(store, email=EMAIL, password=PASSWORD, now=clock()).session_token

    disabled = users.set_disabled(
        store, account=3012, person_id=person.id, disabled=True, actor=actor, now=clock()
    )

    assert disabled.disabled_at == clock()
    assert users.get_session(store, session_token=token, now=clock()) is None
    with pytest.raises(users.SignInError):
        users.sign_in(store, email=EMAIL, password=PASSWORD, now=clock())
    users.set_disabled(
        store, account=3012, person_id=person.id, disabled=False, actor=actor, now=clock()
    )
    assert users.sign_in(store, email=EMAIL, password=PASSWORD, now=clock()).person == person


def test_another_role_is_in_force_in_an_open_session(
    store: Store, person: Person, actor: Actor, clock: Clock
) -> None:
    token = users.sign_in(store, email=EMAIL, password=PASSWORD, now=clock()).session_token

    users.set_role(
        store, account=3012, person_id=person.id, role="observer", actor=actor, now=clock()
    )

    session = users.get_session(store, session_token=token, now=clock())
    assert session is not None
    assert session.person.role == "observer"
    with pytest.raises(UserError, match="no scope 'boss'"):
        users.set_role(
            store, account=3012, person_id=person.id, role="boss", actor=actor, now=clock()
        )


def test_a_new_password_ends_sessions_and_lifts_a_lock(
    store: Store, person: Person, actor: Actor, clock: Clock
) -> None:
    token = users.sign_in(store, email=EMAIL, password=PASSWORD, now=clock()).session_token
    for _ in range(5):
        fail_once(store, clock())
    new = "another battery horse"

    users.set_password(
        store, account=3012, person_id=person.id, password=new, actor=actor, now=clock()
    )

    assert users.get_session(store, session_token=token, now=clock()) is None
    assert users.sign_in(store, email=EMAIL, password=new, now=clock()).person == person


def test_an_address_signs_in_once(store: Store, person: Person, actor: Actor, clock: Clock) -> None:
    with pytest.raises(users.BadPersonError, match="signs in with this e-mail"):
        users.create_person(
            store, account=3012, email=person.email, password=PASSWORD, role="observer",
            actor=actor, now=clock(),
        )  # fmt: skip
    assert users.list_people(store, 3012) == [person]


@pytest.mark.parametrize(
    ("email", "password", "role", "error"),
    [
        ("nonsense", PASSWORD, "admin", users.BadPersonError),
        ("a b@example.org", PASSWORD, "admin", users.BadPersonError),
        ("a@example.org", "short", "admin", WeakPasswordError),
        ("a@example.org", PASSWORD, "owner", UnknownScopeError),
    ],
)
def test_a_wrong_person_is_refused(
    store: Store,
    account: Account,
    actor: Actor,
    clock: Clock,
    email: str,
    password: str,
    role: str,
    error: type[Exception],
) -> None:
    with pytest.raises(error):
        users.create_person(
            store, account=account.number, email=email, password=password, role=role,
            actor=actor, now=clock(),
        )  # fmt: skip


def test_the_first_person_is_made_once(
    store: Store, account: Account, actor: Actor, clock: Clock
) -> None:
    first = users.ensure_first_person(store, account=account.number, actor=actor, now=clock())
    second = users.ensure_first_person(store, account=account.number, actor=actor, now=clock())

    assert first is not None
    assert second is None
    email, password = first
    assert users.sign_in(store, email=email, password=password, now=clock()).person.role == "admin"


def test_two_first_runs_at_once_make_one_person(
    store: Store, account: Account, actor: Actor, clock: Clock
) -> None:
    def run(_: int) -> bool:
        made = users.ensure_first_person(store, account=account.number, actor=actor, now=clock())
        return made is not None

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(run, range(4))) == 1


def test_a_person_of_another_account_is_unknown(
    store: Store, person: Person, actor: Actor, clock: Clock
) -> None:
    with pytest.raises(users.UnknownPersonError):
        users.set_disabled(
            store, account=1, person_id=person.id, disabled=True, actor=actor, now=clock()
        )
