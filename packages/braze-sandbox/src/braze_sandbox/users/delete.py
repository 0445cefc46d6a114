"""What /users/delete does."""

from typing import Any

from braze_sandbox.track.writing import Writing
from braze_sandbox.users.naming import Name, find_named, read_alias, read_rules
from braze_sandbox.users.requests import UserRequestError, as_text, read_list

_KINDS = ("external_ids", "user_aliases", "braze_ids", "email_addresses", "phone_numbers")


def read_deletions(body: Any, *, limit: int) -> list[Name]:
    """Return the users that a decoded body names; raise UserRequestError (400)."""
    given = [kind for kind in _KINDS if isinstance(body, dict) and body.get(kind) is not None]
    if len(given) != 1:
        message = f"exactly one of {', '.join(repr(kind) for kind in _KINDS)} is required"
        raise UserRequestError(message)
    (kind,) = given
    return [_read_name(kind, item) for item in read_list(body, kind, limit=limit)]


def delete_users(body: Any, writing: Writing) -> None:
    """Delete users with all that they did; unknown ones are passed over."""
    for name in read_deletions(body, limit=writing.settings.user_ids):
        profile = find_named(writing.workspace.profiles, name)
        if profile is not None:
            writing.workspace.remove(profile)


def _read_name(kind: str, item: Any) -> Name:
    name = _read_person(kind, item) if kind in ("email_addresses", "phone_numbers") else None
    if kind == "user_aliases":
        alias = read_alias(item)
        name = None if alias is None else Name("user_alias", alias)
    elif kind == "external_ids":
        name = Name("external_id", as_text(item))
    elif kind == "braze_ids":
        name = Name("braze_id", as_text(item))
    if name is None or not name.value:
        message = f"an item of '{kind}' names no user"
        raise UserRequestError(message)
    return name


def _read_person(kind: str, item: Any) -> Name | None:
    if not isinstance(item, dict):
        return None
    rules = read_rules(item)
    if rules is None:
        raise UserRequestError("'prioritization' is required with an e-mail address or a phone")
    if kind == "email_addresses":
        return Name("email", as_text(item.get("email")), rules)
    return Name("phone", as_text(item.get("phone")), rules)
