"""What a token or a person may do."""

from collections.abc import Iterable

from coterie.base.errors import UserError

SCOPES = ("admin", "data_manager", "data_write", "observer")
"""The names of the scopes; what each one covers stands in `COVERS`."""

COVERS = {
    "admin": frozenset(SCOPES),
    "data_manager": frozenset({"data_manager", "data_write", "observer"}),
    "data_write": frozenset({"data_write"}),
    "observer": frozenset({"observer"}),
}


class UnknownScopeError(UserError):
    """A scope or role that does not exist, or none at all."""

    code = "unknown_scope"

    def __init__(self, *, scope: str | None) -> None:
        problem = f"There is no scope {scope!r}." if scope else "At least one scope is needed."
        super().__init__(f"{problem} Choose from {', '.join(SCOPES)}.")


def allows(scopes: Iterable[str], needed: str) -> bool:
    """Answer whether any of `scopes` covers `needed`.

    admin covers all; data_manager covers data_write and observer; data_write only sends data;
    observer only reads.
    """
    return any(needed in COVERS.get(scope, ()) for scope in scopes)


def check_scopes(scopes: Iterable[str]) -> tuple[str, ...]:
    """Return the scopes without repetition, strongest first. Raises UnknownScopeError."""
    asked = set(scopes)
    for scope in sorted(asked - set(SCOPES)):
        raise UnknownScopeError(scope=scope)
    if not asked:
        raise UnknownScopeError(scope=None)
    return tuple(scope for scope in SCOPES if scope in asked)
