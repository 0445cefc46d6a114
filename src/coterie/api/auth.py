"""Who asks, and whether they may."""

import binascii
from base64 import b64decode
from collections.abc import Mapping

from coterie.base.errors import UserError
from coterie.control.scopes import allows
from coterie.model.control import Actor, Grant

TOKEN_PARAMETERS = ("key", "access_token")


class WrongAccountError(UserError):
    """A token of one account was used for another."""

    code = "wrong_account"

    def __init__(self, *, account: str) -> None:
        super().__init__(
            f"The access token does not belong to account {account}. Use a token of that account, "
            "or the token's own account number in the URL."
        )


class MissingScopeError(UserError):
    """A token does not allow what it was used for."""

    code = "scope_missing"

    def __init__(self, *, needed: str) -> None:
        super().__init__(
            f"The access token lacks the scope {needed}. Create one that has it under "
            "Account > Access Tokens."
        )


def presented_token(parameters: Mapping[str, str], authorization: str) -> str:
    """Return the token that a request carries, "" for none.

    The Authorization header may hold the token alone or after "Bearer", or as the name of "Basic",
    as SDKs of the Segment spec send their write key.
    """
    for name in TOKEN_PARAMETERS:
        if parameters.get(name):
            return parameters[name].strip()
    scheme, _, rest = authorization.strip().partition(" ")
    match scheme.lower():
        case "bearer":
            return rest.strip()
        case "basic":
            return _basic_name(rest.strip())
    return authorization.strip()


def _basic_name(encoded: str) -> str:
    try:
        return b64decode(encoded, validate=True).decode().partition(":")[0].strip()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""


def check_scope(grant: Grant, needed: str) -> None:
    """Raise MissingScopeError unless the grant covers `needed`."""
    if not allows(grant.scopes, needed):
        raise MissingScopeError(needed=needed)


def actor_of(grant: Grant) -> Actor:
    """Return who asks for a change, as the audit log names it."""
    return Actor(name=f"token:{grant.prefix}", account=grant.account)
