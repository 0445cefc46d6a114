"""Identifiers that we make: keyed hashes, random tokens, random ids."""

import hashlib
import secrets
import uuid
from collections.abc import Callable, Iterable

KEYED_HASH_BYTES = 16


def keyed_hash(key: bytes, *parts: str) -> bytes:
    """Return 16 bytes that depend on `key` (at most 64 bytes) and on each part and its place.

    Lengths are hashed too, so ("ab", "c") and ("a", "bc") differ. Lone surrogates are allowed.
    """
    return _begin(key, parts).digest()


def keyed_hashes(key: bytes, *head: str) -> Callable[[str], bytes]:
    """Return the function that hashes `head` with one more part, as `keyed_hash` hashes them all.

    What they share is hashed once, so many hashes cost half as much.
    """
    begin = _begin(key, head).copy

    def finish(last: str) -> bytes:
        hasher = begin()
        # Spelled out, since this is called for each identifier of each event.
        encoded = last.encode("utf-8", "surrogatepass")
        hasher.update(len(encoded).to_bytes(8, "big") + encoded)
        return hasher.digest()

    return finish


def _begin(key: bytes, parts: Iterable[str]) -> "hashlib.blake2b":
    hasher = hashlib.blake2b(digest_size=KEYED_HASH_BYTES, key=key)
    for part in parts:
        hasher.update(_with_length(part))
    return hasher


def _with_length(part: str) -> bytes:
    encoded = part.encode("utf-8", "surrogatepass")
    return len(encoded).to_bytes(8, "big") + encoded


def random_token() -> str:
    """Return 256 random bits as 43 characters that are safe in URLs and headers."""
    return secrets.token_urlsafe(32)


def new_id() -> str:
    """Return a random id of 32 hexadecimal digits (a version 4 UUID without hyphens)."""
    return uuid.uuid4().hex
