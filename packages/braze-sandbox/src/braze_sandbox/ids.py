"""The making of identifiers."""

import secrets
import uuid


def new_id() -> str:
    """Return a random UUID, the form of Braze's API identifiers and REST keys."""
    return str(uuid.UUID(bytes=secrets.token_bytes(16), version=4))


def new_dispatch_id() -> str:
    """Return 32 random hex digits, the form of Braze's dispatch ids."""
    return secrets.token_hex(16)
