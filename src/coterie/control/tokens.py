"""Access tokens: shown once, kept as hashes, scoped, expiring, revocable."""

import hashlib
import re
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from coterie.base.errors import UserError
from coterie.base.ids import random_token
from coterie.control.audit import Subject, record
from coterie.control.existing import require_account
from coterie.control.rows import find_one, list_all, run
from coterie.control.scopes import SCOPES, allows, check_scopes
from coterie.model.control import AccessToken, Actor, Grant, NewToken
from coterie.store import Connection, Store, load_queries

__all__ = [
    "SCOPES",
    "BadTokenError",
    "UnknownTokenError",
    "allows",
    "check_token",
    "create_token",
    "list_tokens",
    "read_expiry",
    "revoke_token",
    "still_valid",
    "touch_tokens",
]

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
PREFIX_LENGTH = 8
# cot_, the prefix, _, and 43 characters for 256 bits.
LONGEST = 80
NAME_LIMIT = 100
DAYS = re.compile(r"(\d{1,5})d")


class BadTokenError(UserError):
    """A token that cannot be made as asked."""

    code = "bad_token"


class UnknownTokenError(UserError):
    """The account has no such token."""

    code = "unknown_token"

    def __init__(self, *, account: int, token_id: int) -> None:
        super().__init__(
            f"Account {account} has no access token {token_id}. `coterie token list` shows them."
        )


def create_token(  # noqa: PLR0913 - the token form, spelled out
    store: Store,
    *,
    account: int,
    name: str,
    description: str = "",
    scopes: Iterable[str],
    expires_at: datetime | None,
    actor: Actor,
    now: datetime,
) -> NewToken:
    """Make an access token; its text is in the answer and nowhere else.

    `expires_at` None means never. Raises BadTokenError, UnknownScopeError, UnknownAccountError.
    """
    name = name.strip()
    if not name or len(name) > NAME_LIMIT:
        raise BadTokenError(
            message=f"An access token needs a name of 1 to {NAME_LIMIT} characters."
        )
    if expires_at is not None and expires_at <= now:
        raise BadTokenError("The token would have expired already. Give a time in the future.")
    prefix = "".join(secrets.choice(LETTERS) for _ in range(PREFIX_LENGTH))
    token = f"cot_{prefix}_{random_token()}"
    values = {
        "account": account,
        "name": name,
        "description": description.strip(),
        "scopes": list(check_scopes(scopes)),
        "prefix": prefix,
        "token_hash": _hash(token),
        "created_by": actor.name,
        "created_at": now,
        "expires_at": expires_at,
    }
    with store.transaction() as conn:
        require_account(conn, account)
        (made,) = list_all(conn, load_queries("tokens").insert_token, values, row=AccessToken)
        detail = {"name": name, "scopes": made.scopes, "prefix": prefix, "expires_at": expires_at}
        subject = Subject(account, "token", made.id)
        record(conn, "created", subject, actor=actor, now=now, detail=detail)
    return NewToken(token=token, record=made)


def list_tokens(store: Store, account: int) -> list[AccessToken]:
    """Return an account's tokens, newest first, revoked and expired ones too."""
    with store.transaction() as conn:
        query = load_queries("tokens").list_tokens
        return list_all(conn, query, {"account": account}, row=AccessToken)


def revoke_token(
    store: Store, *, account: int, token_id: int, actor: Actor, now: datetime
) -> AccessToken:
    """Refuse a token from now on; revoking it again changes nothing. Raises UnknownTokenError."""
    values = {"account": account, "token_id": token_id, "now": now}
    with store.transaction() as conn:
        token = find_one(conn, load_queries("tokens").revoke_token, values, row=AccessToken)
        if token is None:
            raise UnknownTokenError(account=account, token_id=token_id)
        record(conn, "revoked", Subject(account, "token", token_id), actor=actor, now=now)
    return token


def check_token(store: Store, *, presented: str, now: datetime) -> Grant | None:
    """Return what a token allows, None if it is unknown, revoked or expired.

    The look-up is by hash, so its time tells nothing about the tokens there are.
    """
    if len(presented) > LONGEST:
        return None
    values = {"token_hash": _hash(presented), "now": now}
    with store.transaction() as conn:
        return find_one(conn, load_queries("tokens").find_grant, values, row=Grant)


def still_valid(conn: Connection, ids: Iterable[int], now: datetime) -> set[int]:
    """Return which of these token ids hold now, as seen by the caller's transaction."""
    values = {"ids": sorted(set(ids)), "now": now}
    found = conn.execute(load_queries("tokens").list_valid_ids.encode(), values)
    return {row[0] for row in found}


def touch_tokens(store: Store, ids: Iterable[int], now: datetime) -> None:
    """Note that the tokens were used; the time kept is right to a minute."""
    wanted = sorted(set(ids))
    if wanted:
        with store.transaction() as conn:
            run(conn, load_queries("tokens").touch_tokens, {"ids": wanted, "now": now})


def read_expiry(text: str, *, now: datetime) -> datetime | None:
    """Return the instant that "30d", "never" (None) or a date such as "2027-01-01" names.

    A date without a time is its first instant in UTC. Raises BadTokenError.
    """
    text = text.strip().lower()
    if text in ("never", ""):
        return None
    days = DAYS.fullmatch(text)
    try:
        if days is not None:
            return now + timedelta(days=int(days[1]))
        instant = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise BadTokenError(
            message=f"{text!r} is no expiry. Use a number of days such as 30d, a date such as "
            "2027-01-01, or never."
        ) from error
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def _hash(token: str) -> bytes:
    # 256 random bits cannot be guessed through a fast hash; odd bytes must not raise at the door.
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
