"""What becomes of a configuration that is edited without its secrets being shown."""

from typing import Any

from coterie.base.errors import UserError
from coterie.control.providers import Config, check_config, find_method
from coterie.control.sealed import SealedConfig

# Whichever of two is filled in anew replaces the other.
ALTERNATIVES = ({"password", "private_key"}, {"instance", "endpoint_url"})
# A new one comes with its own passphrase or with none.
BELONGS_TO = {"passphrase": {"password", "private_key"}, "pgp_passphrase": {"pgp_private_key"}}
# Where secrets are sent to, which of them are sent, and what holds for that place alone.
ADDRESS = ("instance", "endpoint_url", "host", "port")
STAYS_HERE = {"pgp_private_key", "pgp_passphrase", "passphrase"}
OF_ADDRESS = "known_host"


class AddressChangedError(UserError):
    """Stored secrets belong to the address that they were entered for."""

    code = "address_changed"

    def __init__(self) -> None:
        super().__init__("The address changed: enter the key again.")


def merge_config(
    before: SealedConfig, stored: dict[str, Any], given: dict[str, Any] | None
) -> Config:
    """Return the `stored` configuration with what is `given`, checked; None changes nothing.

    A secret left empty stays as it was. Raises AddressChangedError, BadConfigError,
    UnknownInstanceError.
    """
    if given is None:
        return check_config(before.provider, before.method, _as_entered(stored))
    checked = check_config(before.provider, before.method, _overlay(before, stored, given))
    # Whoever may edit may not read: a stored secret must not travel to an address of their choice.
    is_moved = any(checked.public.get(name) != stored.get(name) for name in ADDRESS)
    sent = checked.secret.keys() - STAYS_HERE
    if is_moved and any(given.get(name) in ("", None) for name in sent):
        raise AddressChangedError
    if is_moved and checked.public.get(OF_ADDRESS) == stored.get(OF_ADDRESS):
        checked.public.pop(OF_ADDRESS, None)
    return checked


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
    if stored.get("instance"):
        return {name: value for name, value in stored.items() if name != "endpoint_url"}
    return stored
