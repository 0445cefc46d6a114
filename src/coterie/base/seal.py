"""Seals secrets before they are stored, with keys that can be rotated."""

import secrets

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from coterie.base.errors import PermanentError

KEY_BYTES = 32
NONCE_BYTES = 12
FORMAT = 1


class UnknownSealKeyError(PermanentError):
    """A sealed value was sealed with a key that the ring does not hold."""

    code = "unknown_seal_key"

    def __init__(self, *, context: str, key_id: str) -> None:
        super().__init__(
            f"The secret of {context} was sealed with the key {key_id!r}, which is missing. "
            "Put that key back into data_dir/keys/ring.json or COTERIE_SECRET_KEYS, "
            "or enter the secret again."
        )


class BrokenSealError(PermanentError):
    """A sealed value was altered, moved to another place, or sealed with another key."""

    code = "broken_seal"

    def __init__(self, *, context: str) -> None:
        super().__init__(
            f"The secret of {context} does not open: it was altered, belongs elsewhere, or its key "
            "was replaced by another of the same name. Restore the key, or enter the secret again."
        )


class SealKey(msgspec.Struct, frozen=True):
    """One key of a ring; `id` is at most 255 bytes and stands in what it seals."""

    id: str
    key: bytes

    def __repr__(self) -> str:
        """Return the id alone."""
        return f"SealKey(id={self.id!r})"


class KeyRing(msgspec.Struct, frozen=True):
    """Keys that open sealed values, the first of which seals; `root` never changes.

    Values are sealed with AES-256-GCM (NIST SP 800-38D) under a random 96-bit nonce.
    """

    root: bytes
    keys: tuple[SealKey, ...]

    def __repr__(self) -> str:
        """Return the ids alone."""
        return f"KeyRing(keys={[key.id for key in self.keys]})"

    def seal(self, plaintext: bytes, *, context: str) -> bytes:
        """Return `plaintext` sealed so that only `unseal` with the same `context` opens it.

        `context` says whose secret it is, such as "authorization 12".
        """
        sealer = self.keys[0]
        header = _header(sealer.id)
        nonce = secrets.token_bytes(NONCE_BYTES)
        bound = header + context.encode()
        return header + nonce + AESGCM(sealer.key).encrypt(nonce, plaintext, bound)

    def unseal(self, blob: bytes, *, context: str) -> bytes:
        """Return what was sealed. Raises UnknownSealKeyError or BrokenSealError."""
        key_id = sealing_key_id(blob, context=context)
        key = next((key for key in self.keys if key.id == key_id), None)
        if key is None:
            raise UnknownSealKeyError(context=context, key_id=key_id)
        header = _header(key_id)
        nonce = blob[len(header) : len(header) + NONCE_BYTES]
        body = blob[len(header) + NONCE_BYTES :]
        try:
            return AESGCM(key.key).decrypt(nonce, body, header + context.encode())
        except (InvalidTag, ValueError) as error:
            raise BrokenSealError(context=context) from error

    def reseal(self, blob: bytes, *, context: str) -> bytes:
        """Return `blob` sealed with the first key, unchanged if it already is."""
        if sealing_key_id(blob, context=context) == self.keys[0].id:
            return blob
        return self.seal(self.unseal(blob, context=context), context=context)

    def rotated(self) -> "KeyRing":
        """Return a ring in which a new key seals and the present ones still open."""
        return KeyRing(root=self.root, keys=(new_key(), *self.keys))

    def hash_key(self, purpose: str) -> bytes:
        """Return the 32-byte key for keyed hashes of one `purpose`; rotation does not change it."""
        info = b"coterie/hash/" + purpose.encode()
        return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(self.root)


def new_ring() -> KeyRing:
    """Return a ring of random keys."""
    return KeyRing(root=secrets.token_bytes(KEY_BYTES), keys=(new_key(),))


def new_key() -> SealKey:
    """Return a random key under a random id."""
    return SealKey(id=secrets.token_hex(4), key=secrets.token_bytes(KEY_BYTES))


def sealing_key_id(blob: bytes, *, context: str) -> str:
    """Return the id of the key that sealed `blob`. Raises BrokenSealError."""
    if len(blob) < 2 or blob[0] != FORMAT or len(blob) < 2 + blob[1] + NONCE_BYTES:
        raise BrokenSealError(context=context)
    try:
        return blob[2 : 2 + blob[1]].decode()
    except UnicodeDecodeError as error:
        raise BrokenSealError(context=context) from error


def _header(key_id: str) -> bytes:
    encoded = key_id.encode()
    return bytes([FORMAT, len(encoded)]) + encoded
