"""Identifiers that we make: keyed hashes, random tokens, random ids."""

import hashlib
import secrets
import uuid

KEYED_HASH_BYTES = 16


def keyed_hash(key: bytes, *parts: str) -> bytes:
    """Return 16 bytes that depend on `key` (at most 64 bytes) and on each part and its place.

    Lengths are hashed too, so ("ab", "c") and ("a", "bc") differ. Lone surrogates are allowed.
    """
    hasher = hashlib.blake2b(digest_size=KEYED_HASH_BYTES, key=key)
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass")
        hasher.update(len(encoded).to_bytes(8, "big"))
        hasher.update(encoded)
    return hasher.digest()


def random_token() -> str:
    """Return 256 random bits as 43 characters that are safe in URLs and headers."""
    return secrets.token_urlsafe(32)


def new_id() -> str:
    """Return a random id of 32 hexadecimal digits (a version 4 UUID without hyphens)."""
    return uuid.uuid4().hex
