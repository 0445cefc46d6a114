"""Signatures by which a receiver knows our messages, in the manner of Standard Webhooks."""

import base64
import binascii
import hashlib
import hmac

# standardwebhooks.com, "Signature scheme" and "Signing secret serialization".
PREFIX = "whsec_"
VERSION = "v1"


def sign(secret: str, *, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the value of the header `webhook-signature`; `timestamp` is in seconds since 1970."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    digest = hmac.new(key_of(secret), signed, hashlib.sha256).digest()
    return f"{VERSION},{base64.b64encode(digest).decode()}"


def key_of(secret: str) -> bytes:
    """Return the bytes of a secret: base64 after `whsec_`, or else the text itself."""
    if not secret.startswith(PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return secret.encode()
