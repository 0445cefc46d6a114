"""Which user an object of a request means."""

from typing import Any

from braze_sandbox.model.identifier import Identifier
from braze_sandbox.model.profile import Alias, Profile
from braze_sandbox.settings import Settings
from braze_sandbox.store.profiles import Profiles
from braze_sandbox.track import problems
from braze_sandbox.track.problems import Problem

_PRIMARY = ("external_id", "user_alias", "braze_id")


def read_identifier(item: dict[str, Any], settings: Settings) -> Identifier | Problem:
    """Return the identifier of an object, or why it has none.

    Exactly one primary identifier may be given; `email`, then `phone`, identify only without one.
    """
    given = [name for name in _PRIMARY if item.get(name) not in (None, "")]
    if len(given) > 1:
        return problems.TWO_IDENTIFIERS
    choice = item.get("_update_existing_only")
    if not given and item.get("push_token_import") is True:
        return _read_token(item)
    if not given:
        return _read_secondary(item, update_only=choice is True)
    value = item[given[0]]
    if given[0] == "external_id":
        return _read_external_id(value, settings, update_only=choice is True)
    if given[0] == "user_alias":
        # Update-only is the default for aliases; only an explicit false creates.
        return _read_alias(value, update_only=choice is not False)
    if not isinstance(value, str):
        return problems.field_invalid("braze_id")
    return Identifier("braze_id", value, update_only=True)


def find_profile(profiles: Profiles, identifier: Identifier) -> Profile | None:
    """Return the user that `identifier` names."""
    value = identifier.value
    if isinstance(value, Alias):
        return profiles.find_alias(value)
    if identifier.kind == "external_id":
        return profiles.find_external(value)
    if identifier.kind == "braze_id":
        return profiles.find(value)
    if identifier.kind == "push_token":
        return next((profile for profile in profiles if _has_token(profile, value)), None)
    if identifier.kind == "email":
        return _choose(profiles.with_email(value))
    return _choose(profiles.with_phone(value))


def _choose(matches: list[Profile]) -> Profile | None:
    """Return the most recently updated match that has an external_id, else the most recent."""
    if not matches:
        return None
    return max(matches, key=lambda p: (p.external_id is not None, p.updated_at, p.number))


def _read_token(item: dict[str, Any]) -> Identifier | Problem:
    """Return the first token of an import, which makes an anonymous user if nobody has it."""
    tokens = item.get("push_tokens")
    first = tokens[0] if isinstance(tokens, list) and tokens else None
    token = first.get("token") if isinstance(first, dict) else None
    if not isinstance(token, str) or not token:
        return problems.BAD_TOKEN_IMPORT
    return Identifier("push_token", token, update_only=False)


def _has_token(profile: Profile, token: str) -> bool:
    return any(held["token"] == token for held in profile.fields.get("push_tokens", ()))


def _read_external_id(value: Any, settings: Settings, *, update_only: bool) -> Identifier | Problem:
    # Recorded answers show that numbers are taken and stored as strings.
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return problems.BAD_EXTERNAL_ID
    limit = settings.external_id_bytes
    if len(value) * 4 > limit and len(value.encode()) > limit:
        return problems.external_id_too_long(limit)
    if value in settings.blocked_external_ids:
        return problems.BLOCKED_EXTERNAL_ID
    return Identifier("external_id", value, update_only)


def _read_alias(value: Any, *, update_only: bool) -> Identifier | Problem:
    if not isinstance(value, dict):
        return problems.BAD_ALIAS
    name, label = value.get("alias_name"), value.get("alias_label")
    if not (isinstance(name, str) and name and isinstance(label, str) and label):
        return problems.BAD_ALIAS
    return Identifier("user_alias", Alias(label, name), update_only)


def _read_secondary(item: dict[str, Any], *, update_only: bool) -> Identifier | Problem:
    email, phone = item.get("email"), item.get("phone")
    if isinstance(email, str) and email:
        return Identifier("email", email, update_only)
    if isinstance(phone, str) and phone:
        return Identifier("phone", phone, update_only)
    return problems.NO_IDENTIFIER
