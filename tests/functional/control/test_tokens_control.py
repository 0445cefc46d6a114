import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from coterie.base.clock import Clock
from coterie.control import tokens
from coterie.control.existing import UnknownAccountError
from coterie.model.control import Account, Actor, NewToken
from coterie.store import Store

Advance = Callable[..., datetime]


def make(
    store: Store, actor: Actor, now: datetime, *, expires_at: datetime | None = None
) -> NewToken:
    return tokens.create_token(
        store,
        account=3012,
        name="Webhook",
        description="Braze",
        scopes=["data_write"],
        expires_at=expires_at,
        actor=actor,
        now=now,
    )


def test_a_token_is_shown_once_and_kept_as_a_hash(
    store: Store, account: Account, actor: Actor, clock: Clock
) -> None:
    made = make(store, actor, clock())

    assert re.fullmatch(r"cot_[a-z0-9]{8}_[A-Za-z0-9_-]{43}", made.token)
    assert made.token.split("_")[1] == made.record.prefix
    with store.transaction() as conn:
        kept = str(conn.execute("SELECT t::text, encode(token_hash, 'escape') FROM access_token t")
                   .fetchall())  # fmt: skip
    assert made.token[13:] not in kept
    assert account.number == made.record.account


def test_a_token_grants_its_scopes_in_its_account(
    store: Store, account: Account, actor: Actor, clock: Clock
) -> None:
    made = make(store, actor, clock())

    grant = tokens.check_token(store, presented=made.token, now=clock())

    assert grant is not None
    assert (grant.account, grant.token_id) == (account.number, made.record.id)
    assert tokens.allows(grant.scopes, "data_write")
    assert not tokens.allows(grant.scopes, "observer")


@pytest.mark.parametrize("presented", ["", "cot_", "Bearer x", "x" * 10_000, "\udce4", "\x00"])
def test_anything_else_grants_nothing(
    store: Store, account: Account, clock: Clock, presented: str
) -> None:
    assert tokens.check_token(store, presented=presented, now=clock()) is None
    assert account.number


def test_a_revoked_token_is_refused_at_once(
    store: Store, account: Account, actor: Actor, clock: Clock, advance: Advance
) -> None:
    made = make(store, actor, clock())

    first = tokens.revoke_token(
        store, account=account.number, token_id=made.record.id, actor=actor, now=advance(hours=1)
    )
    again = tokens.revoke_token(
        store, account=account.number, token_id=made.record.id, actor=actor, now=advance(hours=1)
    )

    assert tokens.check_token(store, presented=made.token, now=clock()) is None
    assert first.revoked_at == again.revoked_at


def test_a_token_ends_at_its_expiry(
    store: Store, account: Account, actor: Actor, clock: Clock, advance: Advance
) -> None:
    made = make(store, actor, clock(), expires_at=clock() + timedelta(days=7))

    assert tokens.check_token(store, presented=made.token, now=advance(days=6, hours=23))
    assert tokens.check_token(store, presented=made.token, now=advance(hours=1)) is None
    assert account.number


def test_a_token_cannot_be_born_expired(
    store: Store, account: Account, actor: Actor, clock: Clock
) -> None:
    with pytest.raises(tokens.BadTokenError, match="future"):
        make(store, actor, clock(), expires_at=clock())
    assert tokens.list_tokens(store, account.number) == []


def test_a_token_of_no_account_is_refused(store: Store, actor: Actor, clock: Clock) -> None:
    with pytest.raises(UnknownAccountError):
        make(store, actor, clock())


def test_a_token_of_another_account_cannot_be_revoked(
    store: Store, account: Account, actor: Actor, clock: Clock
) -> None:
    made = make(store, actor, clock())

    with pytest.raises(tokens.UnknownTokenError):
        tokens.revoke_token(store, account=1, token_id=made.record.id, actor=actor, now=clock())
    assert tokens.check_token(store, presented=made.token, now=clock()) is not None
    assert account.number


def test_a_batch_learns_which_of_its_tokens_still_hold(
    store: Store, account: Account, actor: Actor, clock: Clock
) -> None:
    kept = make(store, actor, clock()).record.id
    brief = make(store, actor, clock(), expires_at=clock() + timedelta(seconds=1)).record.id
    revoked = make(store, actor, clock()).record.id
    tokens.revoke_token(store, account=account.number, token_id=revoked, actor=actor, now=clock())

    with store.transaction() as conn:
        now = clock() + timedelta(seconds=1)
        held = tokens.still_valid(conn, [kept, kept, brief, revoked, 999], now)

    assert held == {kept}


def test_use_is_noted_to_the_minute(
    store: Store, account: Account, actor: Actor, clock: Clock, advance: Advance
) -> None:
    made = make(store, actor, clock())
    first = clock()

    tokens.touch_tokens(store, [made.record.id], first)
    tokens.touch_tokens(store, [made.record.id], advance(seconds=30))
    tokens.touch_tokens(store, [], clock())
    within = tokens.list_tokens(store, account.number)[0].last_used_at
    tokens.touch_tokens(store, [made.record.id], advance(seconds=30))

    assert within == first
    assert tokens.list_tokens(store, account.number)[0].last_used_at == first + timedelta(minutes=1)


def test_no_use_is_noted_later_than_the_revocation(
    store: Store, account: Account, actor: Actor, clock: Clock, advance: Advance
) -> None:
    made = make(store, actor, clock())
    number, token_id = account.number, made.record.id
    revoked = tokens.revoke_token(
        store, account=number, token_id=token_id, actor=actor, now=clock()
    )

    tokens.touch_tokens(store, [token_id], advance(seconds=15))

    (listed,) = tokens.list_tokens(store, number)
    assert listed.last_used_at == revoked.revoked_at
