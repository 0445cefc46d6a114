"""The check of a caller's REST key."""

from braze_sandbox.auth.keys import is_address_allowed
from braze_sandbox.errors import RefusedError
from braze_sandbox.model.access import RestKey
from braze_sandbox.store.state import State

_SCHEME = "bearer "


class InvalidKeyError(RefusedError):
    """No key, or one that does not exist. The text is as recorded from a live server."""

    def __init__(self, key: str) -> None:
        super().__init__(401, f"Invalid API key: {key}")


class AccessDeniedError(RefusedError):
    """The key lacks the permission, or may not be used from this address."""

    def __init__(self) -> None:
        super().__init__(403, "Access Denied")


def admit(
    state: State, *, authorization: str | None, permission: str, address: str | None
) -> RestKey:
    """Return the key of an `Authorization` header that may do `permission`.

    Raise InvalidKeyError (401) or AccessDeniedError (403).
    """
    secret = read_bearer(authorization)
    key = state.find_key(secret) if secret else None
    if key is None:
        raise InvalidKeyError(secret)
    if permission not in key.permissions or not is_address_allowed(key, address):
        raise AccessDeniedError
    return key


def read_bearer(authorization: str | None) -> str:
    """Return the key in an `Authorization: Bearer KEY` header, empty if there is none."""
    text = authorization or ""
    return text[len(_SCHEME) :].strip() if text.lower().startswith(_SCHEME) else ""
