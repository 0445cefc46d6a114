"""Takes a person's identifiers out of an event that is somebody else's. Pure."""

import re
from collections.abc import Iterable
from typing import Any

import msgspec

# Shorter values are met by chance within others, so they are compared whole.
SHORTEST_PART = 4
# The part of a phone number that all its spellings share.
PHONE_DIGITS = 8

_NO_DIGIT = re.compile(r"\D+")
_LIKE_A_PHONE = re.compile(r"[+(\d][\d ()./-]{6,30}\d")
_PHONE = re.compile(r"\+?\d{8,15}")


class Scrubber:
    """Knows the spellings of identifiers in texts."""

    def __init__(self, values: Iterable[str]) -> None:
        self._values = frozenset(value.casefold() for value in values if value)
        self._parts = tuple(value for value in self._values if len(value) >= SHORTEST_PART)
        self._phones = frozenset(
            _NO_DIGIT.sub("", value)[-PHONE_DIGITS:]
            for value in self._values
            if _PHONE.fullmatch(value)
        )

    def names(self, text: str) -> bool:
        """Say whether a text has one of the identifiers in it, standing for itself."""
        folded = text.casefold()
        if folded.strip() in self._values:
            return True
        if any(_stands_alone(part, folded) for part in self._parts if part in folded):
            return True
        return self._has_phone(text)

    def is_in(self, body: str) -> bool:
        """Say whether a body, of whatever form, names one of the identifiers anywhere."""
        folded = body.casefold()
        if any(_stands_alone(value, folded) for value in self._values if value in folded):
            return True
        return any(self._has_phone(found) for found in _LIKE_A_PHONE.findall(body))

    def scrub(self, body: str) -> str:
        """Return the JSON of an event with null in place of every value that names one."""
        return msgspec.json.encode(self._clean(msgspec.json.decode(body))).decode()

    def _clean(self, value: Any) -> Any:
        match value:
            case dict():
                return {
                    key: self._clean(inner)
                    for key, inner in value.items()
                    if not self.names(str(key))
                }
            case list():
                return [self._clean(inner) for inner in value]
            case str():
                return None if self.names(value) else value
            case bool() | None:
                return value
            case _:
                return None if self.names(str(value)) else value

    def _has_phone(self, text: str) -> bool:
        if not self._phones or len(text) > 64:
            return False
        return _NO_DIGIT.sub("", text)[-PHONE_DIGITS:] in self._phones


def _stands_alone(part: str, text: str) -> bool:
    """Say whether `part` is in `text` without going on in a longer word or number."""
    return re.search(rf"(?<!\w){re.escape(part)}(?!\w)", text) is not None
