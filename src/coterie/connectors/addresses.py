"""Keeps outgoing connections away from private addresses."""

import asyncio
import ipaddress
import socket
from typing import TYPE_CHECKING

from coterie.base.errors import PermanentError, TransientError

if TYPE_CHECKING:
    # Whether an address is public is asked by who connects to none of them.
    from aiohttp import AddrInfoType

NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class ForbiddenAddressError(PermanentError):
    """A name leads to an address that is not public."""

    code = "forbidden_address"

    def __init__(self, *, host: str) -> None:
        super().__init__(
            f"{host} is at a private or local address, which outgoing requests must not reach. "
            "Correct the address, or set COTERIE_ALLOW_PRIVATE_ADDRESSES=true if it is yours."
        )


class UnknownHostError(TransientError):
    """A name cannot be resolved now."""

    code = "unknown_host"

    def __init__(self, *, host: str) -> None:
        super().__init__(
            f"The name {host} cannot be resolved. Correct it, or check this machine's DNS."
        )


class PrivateAddressError(OSError):
    """What a guarded socket factory raises; one text for all addresses of a name."""

    def __init__(self) -> None:
        super().__init__("private address refused")


def is_public(address: str) -> bool:
    """Answer whether an IP address is reachable by anyone, looking into embedded IPv4 too."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast


def open_public_socket(info: "AddrInfoType") -> socket.socket:
    """Return a socket for one resolved address; raises `PrivateAddressError`.

    aiohttp calls this for the very address it connects to, also when the URL holds a plain IP
    address, so a name that changes its mind between check and use (DNS rebinding) gains nothing.
    """
    family, kind, protocol, _, address = info
    if not is_public(str(address[0])):
        raise PrivateAddressError
    return socket.socket(family, kind, protocol)


async def find_addresses(host: str, port: int, *, allow_private: bool) -> list[str]:
    """Return the addresses of `host`, all public unless `allow_private`.

    Raises `UnknownHostError` or `ForbiddenAddressError`.
    """
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UnknownHostError(host=host) from error
    addresses = list(dict.fromkeys(str(info[4][0]) for info in found))
    if not allow_private and not all(is_public(address) for address in addresses):
        raise ForbiddenAddressError(host=host)
    return addresses
