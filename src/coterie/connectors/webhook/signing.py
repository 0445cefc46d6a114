"""Signatures by which a receiver knows our messages, in the manner of Standard Webhooks."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable

# standardwebhooks.com, "Signature scheme" and "Signing secret serialization".
PREFIX = "whsec_"
VERSION = "v1"


def sign(secrets: Iterable[str], *, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the value of the header `webhook-signature`; `timestamp` is in seconds since 1970.

    Of several secrets each signs, with a blank between the signatures; a receiver looks for one
    that it knows (standardwebhooks.com, "Multiple signatures").
    """
    signed = f"{message_id}.{timestamp}.".encode() + body
    digests = (hmac.new(key_of(each), signed, hashlib.sha256).digest() for each in secrets)
    return " ".join(f"{VERSION},{base64.b64encode(digest).decode()}" for digest in digests)


def key_of(secret: str) -> bytes:
    """Return the bytes of a secret: base64 after `whsec_`, or else the text itself."""
    if not secret.startswith(PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return secret.encode()
