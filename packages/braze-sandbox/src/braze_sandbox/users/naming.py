"""How the user endpoints name a user."""

from typing import Any, Literal, TypeAlias

import msgspec

from braze_sandbox.model.profile import Alias, Profile
from braze_sandbox.store.profiles import Profiles
from braze_sandbox.users.requests import as_text

_RULES = ("identified", "unidentified", "most_recently_updated", "least_recently_updated")
Rules: TypeAlias = tuple[str, ...]


class Name(msgspec.Struct, frozen=True):
    """One identifier, with the rules that choose among users who share an e-mail or a phone."""

    kind: Literal["external_id", "user_alias", "braze_id", "email", "phone"]
    value: str | Alias
    rules: Rules = ()


def read_name(item: Any) -> Name | None:
    """Return the one identifier of an object, None if it has none, two, or an unfit one.

    E-mail and phone need `prioritization`.
    """
    if not isinstance(item, dict):
        return None
    given = [k for k in ("external_id", "user_alias", "braze_id", "email", "phone") if k in item]
    if len(given) != 1:
        return None
    kind = given[0]
    if kind == "user_alias":
        alias = read_alias(item[kind])
        return None if alias is None else Name("user_alias", alias)
    text = as_text(item[kind])
    if not text:
        return None
    if kind == "external_id":
        return Name("external_id", text)
    if kind == "braze_id":
        return Name("braze_id", text)
    rules = read_rules(item)
    if rules is None:
        return None
    return Name("email", text, rules) if kind == "email" else Name("phone", text, rules)


def read_alias(value: Any) -> Alias | None:
    """Return the alias in `{"alias_name", "alias_label"}`."""
    if not isinstance(value, dict):
        return None
    name, label = as_text(value.get("alias_name")), as_text(value.get("alias_label"))
    return Alias(label, name) if name and label else None


def read_rules(item: dict[str, Any]) -> Rules | None:
    """Return the `prioritization` of an object, None if it is missing or holds unknown words."""
    rules = item.get("prioritization")
    if not isinstance(rules, list) or not rules or any(rule not in _RULES for rule in rules):
        return None
    return tuple(rules)


def find_named(profiles: Profiles, name: Name) -> Profile | None:
    """Return the user that `name` means.

    None also if more than one user is left after all rules: Braze then does nothing.
    """
    value = name.value
    if isinstance(value, Alias):
        return profiles.find_alias(value)
    if name.kind == "external_id":
        return profiles.find_external(value)
    if name.kind == "braze_id":
        return profiles.find(value)
    found = profiles.with_email(value) if name.kind == "email" else profiles.with_phone(value)
    return _choose(found, name.rules)


def _choose(found: list[Profile], rules: Rules) -> Profile | None:
    for rule in rules:
        found = _keep(found, rule)
    return found[0] if len(found) == 1 else None


def _keep(found: list[Profile], rule: str) -> list[Profile]:
    if rule == "identified":
        return [p for p in found if p.external_id is not None]
    if rule == "unidentified":
        return [p for p in found if p.external_id is None]
    if not found:
        return found
    latest = rule == "most_recently_updated"
    # Of two with one time the later one counts as updated later.
    choose = max if latest else min
    return [choose(found, key=lambda p: (p.updated_at, p.number))]
