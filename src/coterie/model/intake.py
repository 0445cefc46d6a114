"""How a stream takes events in."""

from datetime import timedelta
from typing import Literal

import msgspec

Algorithm = Literal["sha1", "sha256", "sha512"]
DAY_MINUTES = 1_440


class Intake(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The rules of a stream.

    `repeats` says by what a message that is sent again is told: its id, or (also) by saying what
    the last message about the same person said, within `window_minutes`, apart from the keys in
    `ignore`. `is_braze`: its events come from Braze, so what we wrote there is not read as input.
    `allow` are networks that may send (none: all; "braze" stands for those that Braze publishes);
    `algorithm` is that of signatures, for a stream that has a secret.
    """

    repeats: Literal["message", "content"] = "message"
    window_minutes: int = DAY_MINUTES
    ignore: tuple[str, ...] = ()
    is_braze: bool = False
    allow: tuple[str, ...] = ()
    algorithm: Algorithm = "sha256"


class RepeatRule(msgspec.Struct, frozen=True, kw_only=True):
    """How a worker tells repeated content of a stream."""

    window: timedelta
    ignore: tuple[str, ...] = ()
    is_braze: bool = False


class OwnWrites(msgspec.Struct, frozen=True, kw_only=True):
    """What is written to Braze for an account, so that it is not read back as news.

    `keys` are attributes that only we write; `destinations` are those whose attributes others may
    write too, so that their values are compared. `streams` are those that come from Braze.
    """

    keys: frozenset[str] = frozenset()
    destinations: tuple[int, ...] = ()
    streams: frozenset[str] = frozenset()


class DoorRules(msgspec.Struct, frozen=True, kw_only=True):
    """What the door asks of a request to a stream; `secret` "" means that none is signed."""

    allow: tuple[str, ...] = ()
    secret: str = ""
    algorithm: Algorithm = "sha256"

    def __repr__(self) -> str:
        """Return the rules without the secret."""
        return f"DoorRules(allow={self.allow!r}, is_signed={bool(self.secret)})"


USUAL: dict[str, Intake] = {
    "braze_users": Intake(is_braze=True, repeats="content"),
    "braze_csv": Intake(is_braze=True),
    "braze_currents": Intake(is_braze=True),
}
"""The rules of default streams; others start with `Intake()`."""

# Keys under which Braze's payloads nest custom attributes.
NESTED_ATTRIBUTES = ("custom_attributes", "attributes")


def without_keys(body: dict[str, object], keys: frozenset[str]) -> dict[str, object]:
    """Return `body` without these keys, at the top and among nested attributes."""
    if not keys or (keys.isdisjoint(body) and not any(name in body for name in NESTED_ATTRIBUTES)):
        return body
    kept = {key: value for key, value in body.items() if key not in keys}
    for name in NESTED_ATTRIBUTES:
        inner = kept.get(name)
        if not isinstance(inner, dict) or keys.isdisjoint(inner):
            continue
        rest = {key: value for key, value in inner.items() if key not in keys}
        if rest:
            kept[name] = rest
        else:
            del kept[name]
    return kept
