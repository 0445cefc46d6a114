"""Guess whom an event is about, so that workers seldom need the same profiles at a time.

A wrong guess costs speed and nothing else: any lane may hold any event.
"""

import zlib
from collections.abc import Mapping
from typing import Any

# A cookie or device comes with nearly every event of a visitor, a user id only with some.
LIKELY_KEYS = (
    "_uid",
    "anonymousId",
    "anonymous_id",
    "user_id",
    "userId",
    "external_id",
    "customer_id",
    "braze_id",
    "email",
)
# Braze Currents says in an object of its own who did something.
NESTED = "user"
NESTED_KEYS = ("external_user_id", "user_id")


def route_of(event: Mapping[str, Any]) -> int:
    """Return a number that events with the same likely identifier share; 0 without one."""
    for key in LIKELY_KEYS:
        value = event.get(key)
        if value:
            return _number(value)
    nested = event.get(NESTED)
    if isinstance(nested, dict):
        for key in NESTED_KEYS:
            if nested.get(key):
                return _number(nested[key])
    return 0


def _number(value: object) -> int:
    return zlib.crc32(str(value).encode("utf-8", "surrogatepass"))
