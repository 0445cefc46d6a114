"""What a stream asks of requests beside a token: where they come from, and a signature."""

import asyncio
import binascii
import hashlib
import hmac
from base64 import b64decode
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

import msgspec

from coterie.base.clock import Clock
from coterie.base.errors import UserError
from coterie.model.intake import DoorRules

if TYPE_CHECKING:  # The framework takes a quarter of a second of commands that need no door.
    from litestar.types import HTTPScope

SIGNATURE_HEADER = b"x-coterie-signature"
REMEMBERED = timedelta(seconds=3)
MOST_REMEMBERED = 10_000

FindRules = Callable[[int, str], DoorRules | None]
"""Returns the rules of an account's stream, None if there is no such stream; blocking."""

Network = IPv4Network | IPv6Network


class AddressRefusedError(UserError):
    """A request came from an address that may not send to the stream."""

    code = "address_refused"

    def __init__(self, *, address: str, stream: str) -> None:
        super().__init__(
            f"Requests from {address} may not send to the stream {stream!r}. Add the address to "
            "those that may, under Data > Streams, or name your proxy in COTERIE_TRUSTED_PROXIES."
        )


class SignatureRefusedError(UserError):
    """The signature of a request is not that of its body."""

    code = "signature_refused"

    def __init__(self, *, algorithm: str) -> None:
        super().__init__(
            "The header X-Coterie-Signature does not fit the body. It is the HMAC of the body's "
            f"bytes by {algorithm} with the secret of the stream, in hexadecimal or base64."
        )


class _Known(msgspec.Struct, frozen=True):
    rules: DoorRules | None
    until: datetime


class RuleBook:
    """Answers what streams ask of requests, looked up at most every few seconds."""

    def __init__(self, find: FindRules, *, clock: Clock) -> None:
        self._find = find
        self._clock = clock
        self._known: dict[tuple[int, str], _Known] = {}

    async def get(self, account: int, stream: str) -> DoorRules | None:
        """Return the rules of a stream; None if there is none."""
        now = self._clock()
        known = self._known.get((account, stream))
        if known is None or known.until <= now:
            rules = await asyncio.to_thread(self._find, account, stream)
            if len(self._known) >= MOST_REMEMBERED:
                self._known.clear()
            known = _Known(rules, now + REMEMBERED)
            self._known[account, stream] = known
        return known.rules


def check_address(
    rules: DoorRules | None, scope: "HTTPScope", *, stream: str, proxies: tuple[str, ...]
) -> None:
    """Raise AddressRefusedError unless the sender's address may send to the stream."""
    if rules is None or not rules.allow:
        return
    address = sender_address(scope, proxies=proxies)
    if address is None or not any(address in network for network in _networks(rules.allow)):
        raise AddressRefusedError(address=str(address), stream=stream)


def sender_address(
    scope: "HTTPScope", *, proxies: tuple[str, ...]
) -> IPv4Address | IPv6Address | None:
    """Return who sent a request: of the addresses that proxies noted the last that is no proxy.

    What a client writes into X-Forwarded-For counts only where a trusted proxy passed it on.
    """
    client = scope["client"]
    hops = [client[0] if client else ""]
    for name, value in reversed(list(scope["headers"])):
        if name == b"x-forwarded-for":
            hops += reversed(value.decode("latin-1").split(","))
    trusted = _networks(proxies)
    found: IPv4Address | IPv6Address | None = None
    for hop in hops:
        try:
            found = ip_address(hop.strip())
        except ValueError:
            return None
        if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
            found = found.ipv4_mapped
        if not any(found in network for network in trusted):
            break
    return found


def is_signed(headers: Mapping[bytes, bytes]) -> bool:
    """Answer whether a request brings a signature."""
    return SIGNATURE_HEADER in headers


def check_signature(rules: DoorRules, headers: Mapping[bytes, bytes], body: bytes) -> None:
    """Raise SignatureRefusedError unless the body is signed with the stream's secret."""
    text = headers.get(SIGNATURE_HEADER, b"").decode("latin-1").strip()
    text = text.removeprefix(f"{rules.algorithm}=")
    digest = hmac.new(rules.secret.encode(), body, getattr(hashlib, rules.algorithm)).digest()
    if not any(hmac.compare_digest(digest, said) for said in _decoded(text)):
        raise SignatureRefusedError(algorithm=rules.algorithm)


def _decoded(text: str) -> list[bytes]:
    found: list[bytes] = []
    with suppress(ValueError):
        found.append(bytes.fromhex(text))
    with suppress(binascii.Error, ValueError):
        found.append(b64decode(text, validate=True))
    return found


@lru_cache(maxsize=256)
def _networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ip_network(text, strict=False) for text in texts)
