"""Functions that hash and encode."""

import base64
import binascii
import hashlib
from datetime import datetime
from uuid import UUID

from coterie.lang.expr.dates import epoch_microseconds
from coterie.lang.expr.functions.registry import Catalogue, Example, Row
from coterie.lang.expr.values import aware, is_filled, kind_of, show, to_text

CATALOGUE = Catalogue()
_MASK = 2**64 - 1
_SIGN = 2**63
# Lytics hashes with this SipHash key: its own examples come out with it.
_SIP_KEY = (0, 1)


@CATALOGUE.add("hash.sip(text)", "hash", example=Example('hash.sip("a")', -3598629688670491794))
def _sip(text: object) -> int | None:
    """Return the SipHash-2-4 of a text as a signed 64-bit number."""
    known = to_text(text) if kind_of(text) in ("text", "list") else None
    if not known:
        return None
    hashed = _siphash(known.encode("utf-8", "surrogatepass"))
    return hashed - 2 * _SIGN if hashed >= _SIGN else hashed


def _add_digest(name: str, shown: str, digest_of_a: str) -> None:
    def run(text: object) -> str | None:
        if not is_filled(text) or kind_of(text) == "map":
            return None
        data = show(text).encode("utf-8", "surrogatepass")
        return hashlib.new(name, data, usedforsecurity=False).hexdigest()

    run.__doc__ = f"Return the {shown} of a text in hexadecimal digits."
    example = Example(f'hash.{name}("a")', digest_of_a)
    CATALOGUE.add(f"hash.{name}(text)", example=example)(run)


_add_digest("md5", "MD5", "0cc175b9c0f1b6a831c399e269772661")
_add_digest("sha1", "SHA-1", "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8")
_add_digest("sha256", "SHA-256", "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb")
_add_digest(
    "sha512",
    "SHA-512",
    "1f40fc92da241694750979ee6cf582f2d5d7d28e18335de05abc54d0560e0f53"
    "02860c652bf08d560252aa5e74210546f369fbbbce8c12cfc7957b2652fe9a75",
)


@CATALOGUE.add("encoding.b64encode(text)", example=Example('encoding.b64encode("a b")', "YSBi"))
def _b64encode(text: object) -> str | None:
    """Return a text in base 64."""
    if not is_filled(text) or kind_of(text) == "map":
        return None
    return base64.b64encode(show(text).encode("utf-8", "surrogatepass")).decode("ascii")


@CATALOGUE.add("encoding.b64decode(text)", example=Example('encoding.b64decode("YSBi")', "a b"))
def _b64decode(text: object) -> str | None:
    """Return the text that is written in base 64."""
    if not is_filled(text) or kind_of(text) == "map":
        return None
    try:
        return base64.b64decode(show(text), validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return None


@CATALOGUE.add(
    "uuid()",
    of_world=True,
    clock="other",
    example=Example("uuid()", "05d525a5-e98a-4165-8076-e1abc7bc6616"),
)
def _uuid(row: Row, now: datetime) -> str:
    """Return an id made from the event and its time, the same whenever it is mapped again."""
    seed = f"{epoch_microseconds(aware(now))}|{row!r}".encode("utf-8", "surrogatepass")
    return str(UUID(bytes=hashlib.blake2b(seed, digest_size=16).digest(), version=4))


def _siphash(data: bytes) -> int:
    k0, k1 = _SIP_KEY
    state = [
        k0 ^ 0x736F6D6570736575,
        k1 ^ 0x646F72616E646F6D,
        k0 ^ 0x6C7967656E657261,
        k1 ^ 0x7465646279746573,
    ]
    whole = len(data) // 8 * 8
    last = int.from_bytes(data[whole:], "little") | (len(data) & 0xFF) << 56
    words = [int.from_bytes(data[at : at + 8], "little") for at in range(0, whole, 8)]
    for word in (*words, last):
        state[3] ^= word
        _rounds(state, 2)
        state[0] ^= word
    state[2] ^= 0xFF
    _rounds(state, 4)
    return state[0] ^ state[1] ^ state[2] ^ state[3]


def _rounds(state: list[int], count: int) -> None:
    a, b, c, d = state
    for _ in range(count):
        a = (a + b) & _MASK
        b = _turn(b, 13) ^ a
        a = _turn(a, 32)
        c = (c + d) & _MASK
        d = _turn(d, 16) ^ c
        a = (a + d) & _MASK
        d = _turn(d, 21) ^ a
        c = (c + b) & _MASK
        b = _turn(b, 17) ^ c
        c = _turn(c, 32)
    state[:] = a, b, c, d


def _turn(word: int, bits: int) -> int:
    return (word << bits | word >> (64 - bits)) & _MASK
