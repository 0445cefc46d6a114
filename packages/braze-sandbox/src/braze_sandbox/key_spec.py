"""The text form of a REST key on the command line."""

import msgspec


class KeySpec(msgspec.Struct, frozen=True):
    """A secret with its permissions; none means all."""

    secret: str
    permissions: tuple[str, ...]


def read_key_spec(text: str) -> KeySpec:
    """Return the key written as `SECRET` or `SECRET:users.track,users.export.ids`."""
    secret, _, names = text.partition(":")
    return KeySpec(secret, tuple(name.strip() for name in names.split(",") if name.strip()))
