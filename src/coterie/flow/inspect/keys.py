"""The raw keys of events, counted."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from coterie.base.sketch import Sketch

DEEPEST = 5
MOST_KEYS_AN_EVENT = 300
LONGEST_KEY = 200
VALUES_KEPT = 200
# Of an array no more values are looked at.
MOST_ITEMS = 20
EVENTS = ""
"""The key under which the events of a stream themselves are counted."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}|$)")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_NUMBER = re.compile(r"-?\d{1,15}(\.\d+)?")


class KeyCount(msgspec.Struct):
    """What events said under one key."""

    times: int
    first_seen: datetime
    last_seen: datetime
    kinds: Counter[str]
    uniques: Sketch

    def merge(self, other: "KeyCount") -> None:
        """Add what other events said under the key."""
        self.times += other.times
        self.first_seen = min(self.first_seen, other.first_seen)
        self.last_seen = max(self.last_seen, other.last_seen)
        self.kinds.update(other.kinds)
        self.uniques.merge(other.uniques)


def count_keys(
    bodies: Iterable[tuple[Mapping[str, Any], datetime]], *, weight: int
) -> dict[str, KeyCount]:
    """Return what events say, by key; each event stands for `weight` of them."""
    found: dict[str, KeyCount] = {}
    values: dict[str, set[str]] = defaultdict(set)
    for body, at in bodies:
        _note(found, EVENTS, "event", at, weight)
        for key, value in _flatten(body):
            _note(found, key, kind_of(value), at, weight)
            values[key].add(_text(value))
    for key, texts in values.items():
        found[key].uniques.add_all(texts)
    return found


def kind_of(value: Any) -> str:
    """Return what a raw value most likely is."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int"
    if isinstance(value, float):
        return "number"
    if isinstance(value, list):
        return "objects" if any(isinstance(item, dict) for item in value) else "array"
    if isinstance(value, dict):
        return "object"
    return _kind_of_text(value) if isinstance(value, str) else "null"


def _kind_of_text(text: str) -> str:
    if not text:
        return "empty"
    if _DATE.match(text):
        return "date"
    if _EMAIL.fullmatch(text):
        return "email"
    return "numeric" if _NUMBER.fullmatch(text) else "string"


def _note(found: dict[str, KeyCount], key: str, kind: str, at: datetime, weight: int) -> None:
    known = found.get(key)
    if known is None:
        found[key] = KeyCount(weight, at, at, Counter({kind: weight}), Sketch())
        return
    known.times += weight
    known.kinds[kind] += weight
    known.first_seen = min(known.first_seen, at)
    known.last_seen = max(known.last_seen, at)


def _flatten(body: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the leaves of an event by dotted key, at most `MOST_KEYS_AN_EVENT`."""
    left = MOST_KEYS_AN_EVENT
    waiting: list[tuple[str, Any, int]] = [(key, value, 1) for key, value in body.items()]
    while waiting and left:
        key, value, depth = waiting.pop(0)
        if isinstance(value, dict) and value and depth < DEEPEST:
            waiting += [(f"{key}.{name}", inner, depth + 1) for name, inner in value.items()]
            continue
        left -= 1
        if key and len(key) <= LONGEST_KEY and "\0" not in key and key.isprintable():
            yield key, value


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(str(item)[:VALUES_KEPT] for item in value[:MOST_ITEMS])
    return str(value)[:VALUES_KEPT]
