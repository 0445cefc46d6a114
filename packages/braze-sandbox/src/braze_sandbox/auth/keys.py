"""The making of REST keys."""

import ipaddress
from collections.abc import Iterable
from datetime import datetime

from braze_sandbox.auth.permissions import PERMISSIONS, suggest_permission
from braze_sandbox.errors import RefusedError
from braze_sandbox.model.access import RestKey


class UnknownPermissionError(RefusedError):
    """A key was asked for with a permission that Braze does not have."""

    def __init__(self, name: str) -> None:
        hint = suggest_permission(name)
        cure = f"Did you mean '{hint}'?" if hint else "GET /_sandbox/permissions lists the names."
        super().__init__(400, f"There is no permission '{name}'. {cure}")


class BadAllowedIpError(RefusedError):
    """An entry of an IP allow-list is neither an address nor a subnet."""

    def __init__(self, entry: str) -> None:
        super().__init__(
            400, f"'{entry}' is no IP address or subnet. Write one like 10.0.0.7 or 10.0.0.0/24."
        )


def make_key(
    secret: str,
    *,
    workspace: str,
    now: datetime,
    name: str = "",
    permissions: Iterable[str] = (),
    allowed_ips: Iterable[str] = (),
) -> RestKey:
    """Return a REST key; without `permissions` it has all of them.

    Raise UnknownPermissionError or BadAllowedIpError (400) for a name or an address that is none.
    """
    wanted = tuple(dict.fromkeys(permissions)) or PERMISSIONS
    for permission in wanted:
        if permission not in PERMISSIONS:
            raise UnknownPermissionError(permission)
    addresses = tuple(allowed_ips)
    for entry in addresses:
        _read_network(entry)
    return RestKey(
        key=secret,
        name=name or f"key {secret[:8]}",
        workspace=workspace,
        permissions=wanted,
        allowed_ips=addresses,
        created_at=now,
    )


def is_address_allowed(key: RestKey, address: str | None) -> bool:
    """Tell whether `key` may be used from `address`."""
    if not key.allowed_ips:
        return True
    if address is None:
        return False
    caller = ipaddress.ip_address(address)
    return any(caller in _read_network(entry) for entry in key.allowed_ips)


def _read_network(entry: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(entry, strict=False)
    except ValueError as error:
        raise BadAllowedIpError(entry) from error
