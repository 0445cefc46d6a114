"""Whether an account exists, asked inside the transaction that needs it."""

from coterie.base.errors import UserError
from coterie.control.rows import find_one
from coterie.model.control import Account
from coterie.store import Connection, load_queries


class UnknownAccountError(UserError):
    """No account has this number."""

    code = "unknown_account"

    def __init__(self, *, number: int) -> None:
        super().__init__(
            f"There is no account {number}. `coterie account list` shows the accounts."
        )


def require_account(conn: Connection, number: int) -> Account:
    """Return the account. Raises UnknownAccountError."""
    query = load_queries("accounts").find_account
    found = find_one(conn, query, {"number": number}, row=Account)
    if found is None:
        raise UnknownAccountError(number=number)
    return found
