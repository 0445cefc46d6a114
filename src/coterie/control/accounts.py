"""Accounts: each a world of its own."""

import secrets

from coterie.base.clock import Clock
from coterie.base.errors import UserError
from coterie.control.audit import Subject, record
from coterie.control.definitions.change import Change, definition_change
from coterie.control.definitions.streams import DEFAULT_STREAMS, ensure_in
from coterie.control.existing import UnknownAccountError, require_account
from coterie.control.rows import list_all, run
from coterie.model.control import Account, Actor
from coterie.store import Store, load_queries

__all__ = [
    "BadAccountError",
    "UnknownAccountError",
    "choose_account",
    "create_account",
    "get_account",
    "list_accounts",
]

SMALLEST_NUMBER = 1
LARGEST_NUMBER = 999_999_999
# Six or seven digits: short enough to read out, not guessable as "the next one".
DRAWN_NUMBERS = range(100_000, 10_000_000)
NAME_LIMIT = 100


class BadAccountError(UserError):
    """An account that cannot be made as asked."""

    code = "bad_account"


def create_account(
    store: Store,
    *,
    name: str,
    actor: Actor,
    clock: Clock,
    number: int | None = None,
    phone_region: str = "",
) -> Account:
    """Make an account with its default streams and schema version 1, and return it.

    Without `number` a free one of 6 or 7 digits is drawn. `phone_region` is the country of phone
    numbers that name none ("": they have to). Raises BadAccountError, SchemaError.
    """
    # Every command asks which account is meant, and this reads the languages in.
    from coterie.control.definitions.schema import publish_default

    name = _check_name(name)
    if number is not None and not SMALLEST_NUMBER <= number <= LARGEST_NUMBER:
        raise BadAccountError(
            message=f"An account number lies between {SMALLEST_NUMBER} and {LARGEST_NUMBER}, and "
            f"{number} does not. Leave it out to get a free one."
        )
    with definition_change(store, clock) as change:
        account = _insert(change, name, number)
        subject = Subject(account.number, "account", account.number)
        record(change.conn, "created", subject, actor=actor, now=change.now, detail={"name": name})
        ensure_in(change.conn, account.number, DEFAULT_STREAMS, actor=actor, now=change.now)
        publish_default(change, account.number, phone_region=phone_region, actor=actor)
    return account


def list_accounts(store: Store) -> list[Account]:
    """Return all accounts, oldest first."""
    with store.transaction() as conn:
        return list_all(conn, load_queries("accounts").list_accounts, {}, row=Account)


def get_account(store: Store, number: int) -> Account:
    """Return one account. Raises UnknownAccountError."""
    with store.transaction() as conn:
        return require_account(conn, number)


def choose_account(store: Store, number: int | None) -> Account:
    """Return the account of this number, or without a number the only one there is.

    Raises UnknownAccountError, or BadAccountError if the choice is open.
    """
    if number is not None:
        return get_account(store, number)
    accounts = list_accounts(store)
    if not accounts:
        raise BadAccountError(
            "There is no account yet. Make one with `coterie account create NAME`."
        )
    if len(accounts) > 1:
        numbers = ", ".join(str(account.number) for account in accounts)
        raise BadAccountError(
            message=f"There are several accounts ({numbers}). Say which: --account N."
        )
    return accounts[0]


def _check_name(name: str) -> str:
    name = name.strip()
    if not name or len(name) > NAME_LIMIT:
        raise BadAccountError(message=f"An account needs a name of 1 to {NAME_LIMIT} characters.")
    return name


def _insert(change: Change, name: str, number: int | None) -> Account:
    wanted = number
    while True:
        drawn = secrets.choice(DRAWN_NUMBERS) if wanted is None else wanted
        values = {"number": drawn, "name": name, "created_at": change.now}
        if run(change.conn, load_queries("accounts").insert_account, values):
            return Account(number=drawn, name=name, created_at=change.now)
        if wanted is not None:
            raise BadAccountError(
                message=f"Account {wanted} exists already. Choose another number, or leave it out."
            )
