"""What becomes of a configuration that is edited without its secrets being shown."""

from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

from coterie.base.errors import UserError
from coterie.control.provider_webhook import OLD_SECRET, SECRETS
from coterie.control.providers import BadConfigError, Config, check_config, find_method
from coterie.control.sealed import SealedConfig

# Whichever of two is filled in anew replaces the other.
ALTERNATIVES = ({"password", "private_key"}, {"instance", "endpoint_url"})
# A new one comes with its own passphrase or with none.
BELONGS_TO = {"passphrase": {"password", "private_key"}, "pgp_passphrase": {"pgp_private_key"}}
# Where secrets are sent to, which of them are sent, and what holds for that place alone.
ADDRESS = ("instance", "endpoint_url", "host", "port")
STAYS_HERE = {"pgp_private_key", "pgp_passphrase", "passphrase"}
OF_ADDRESS = "known_host"
# A secret that is replaced goes on beside the new one, so that no receiver is taken by surprise.
ROTATED = {"secret": OLD_SECRET}


class AddressChangedError(UserError):
    """Stored secrets belong to the address that they were entered for."""

    code = "address_changed"

    def __init__(self) -> None:
        super().__init__("The address changed: enter the key again.")


class TwoSecretsError(UserError):
    """A third secret would be needed to lose nothing."""

    code = "two_secrets"

    def __init__(self) -> None:
        super().__init__(
            "Two signing secrets are in force already. Take the old one away before you replace "
            "the other."
        )


def merge_config(
    before: SealedConfig,
    stored: dict[str, Any],
    given: dict[str, Any] | None,
    *,
    without: Collection[str] = (),
) -> Config:
    """Return the `stored` configuration with what is `given`, checked; None changes nothing.

    A secret left empty stays as it was, unless it is one of `without`, which are taken away first.
    Raises AddressChangedError, TwoSecretsError, BadConfigError, UnknownInstanceError.
    """
    if given is None and not without:
        return check_config(before.provider, before.method, _as_entered(stored))
    _check_removable(before, without)
    stored = {name: value for name, value in stored.items() if name not in without}
    given = _as_entered(stored) if given is None else given
    checked = check_config(before.provider, before.method, _overlay(before, stored, given))
    # Whoever may edit may not read: a stored secret must not travel to an address of their choice.
    is_moved = any(checked.public.get(name) != stored.get(name) for name in ADDRESS)
    is_moved = is_moved or _origin(checked.public) != _origin(stored)
    sent = checked.secret.keys() - STAYS_HERE
    if is_moved and any(given.get(name) in ("", None) for name in sent):
        raise AddressChangedError
    if is_moved and checked.public.get(OF_ADDRESS) == stored.get(OF_ADDRESS):
        checked.public.pop(OF_ADDRESS, None)
    return checked if is_moved else _rotated(before, stored, checked)


def _rotated(before: SealedConfig, stored: Mapping[str, Any], checked: Config) -> Config:
    kept = dict(checked.secret)
    for name, old in ROTATED.items():
        replaced = stored.get(name)
        if replaced is None or checked.secret.get(name) == replaced:
            continue
        if stored.get(old):
            if checked.secret.get(old) == stored[old]:
                raise TwoSecretsError
        elif not checked.secret.get(old):
            kept[old] = replaced
    if kept == checked.secret:
        return checked
    return check_config(before.provider, before.method, _as_entered({**checked.public, **kept}))


def _check_removable(before: SealedConfig, without: Collection[str]) -> None:
    fields = {field.name: field for field in find_method(before.provider, before.method).fields}
    for name in without:
        if name not in fields:
            known = ", ".join(fields)
            raise BadConfigError(message=f"There is no option {name!r}. The options are {known}.")
        if fields[name].required:
            raise BadConfigError(message=f"{fields[name].label} ({name}) cannot be left out.")


def _origin(config: Mapping[str, Any]) -> tuple[str, str]:
    """Return where requests to a URL go; another path there is the same receiver."""
    parts = urlsplit(str(config.get("url") or ""))
    return parts.scheme, parts.netloc


def _overlay(before: SealedConfig, stored: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    entered = _as_entered(stored)
    fields = find_method(before.provider, before.method).fields
    secrets = {field.name for field in fields if field.is_secret}
    filled = {name: value for name, value in given.items() if value not in ("", None)}
    replaced = {name for pair in ALTERNATIVES if pair & filled.keys() for name in pair}
    replaced |= {name for name, owners in BELONGS_TO.items() if owners & filled.keys()}
    kept = {
        name: value
        for name, value in entered.items()
        if name not in replaced and (name not in given or name in secrets)
    }
    return {**kept, **filled}


def _as_entered(stored: dict[str, Any]) -> dict[str, Any]:
    # Of an instance the URL was derived, which is no entry of its own.
    derived = {SECRETS, "endpoint_url"} if stored.get("instance") else {SECRETS}
    return {name: value for name, value in stored.items() if name not in derived}
