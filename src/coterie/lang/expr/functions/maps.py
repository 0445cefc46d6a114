"""Functions that make or take apart maps."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime

from coterie.lang.expr.functions.registry import ABSENT, EXAMPLE_NOW, Catalogue, Example
from coterie.lang.expr.values import is_filled, items_of, kind_of, show, to_time

CATALOGUE = Catalogue()
Row = Mapping[str, object]


@CATALOGUE.add("map(key, value)", example=Example("map(event, 1)", {"view": 1}, {"event": "view"}))
def _map(key: object, value: object) -> dict[str, object] | None:
    """Return a map of one key; no value when key or value is missing or empty."""
    return {show(key): value} if is_filled(key) and is_filled(value) else None


@CATALOGUE.add(
    "maptime(key, [date])",
    of_world=True,
    clock="other",
    example=Example("maptime(event)", {"view": EXAMPLE_NOW}, {"event": "View"}),
)
def _maptime(_row: Row, now: datetime, key: object, date: object = ABSENT) -> object:
    """Return a map of one key, in lower case, to a date, by default the event's time."""
    if not is_filled(key) or kind_of(key) == "map":
        return None
    instant = now if date is ABSENT else to_time(date, now)
    return None if instant is None else {show(key).lower(): instant}


@CATALOGUE.add("valuect(value)", example=Example("valuect(event)", {"view": 1}, {"event": "view"}))
def _valuect(value: object) -> dict[str, int] | None:
    """Return a map that counts the value once, or each item of a list, to be summed over events."""
    if value.__class__ is str:
        return {value: 1} if value else None
    items = items_of(value) if kind_of(value) == "list" else [value]
    counted = Counter(show(each) for each in items if is_filled(each) and kind_of(each) != "map")
    return dict(counted) or None


@CATALOGUE.add(
    "match(prefix, ...)",
    of_world=True,
    example=Example('match("user.")', {"city": "Salem"}, {"user.city": "Salem", "id": 7}),
)
def _match(row: Row, _now: datetime, prefix: object, *more: object) -> dict[str, object] | None:
    """Return a map of all fields whose names begin so, the beginning cut off.

    Nested maps count as fields with dotted names: `user.city` begins with `user.`.
    """
    found: dict[str, object] = {}
    for each in (prefix, *more):
        if isinstance(each, str):
            found.update(_fields_under(row, each))
    return found or None


@CATALOGUE.add(
    "mapkeys(map, ...)",
    example=Example("mapkeys(scores)", ["a", "b"], {"scores": {"a": 1, "b": 2}}),
)
def _mapkeys(values: object, *more: object) -> list[str] | None:
    """Return the keys of maps as a list."""
    keys = [key for each in (values, *more) if isinstance(each, Mapping) for key in each]
    return list(dict.fromkeys(keys)) or None


@CATALOGUE.add(
    "mapvalues(map)", example=Example("mapvalues(scores)", ["1", "2"], {"scores": {"a": 1, "b": 2}})
)
def _mapvalues(values: object) -> list[str] | None:
    """Return the values of a map as texts."""
    if not isinstance(values, Mapping):
        return None
    return list(dict.fromkeys(show(each) for each in values.values() if each is not None)) or None


@CATALOGUE.add(
    "mapinvert(map)",
    example=Example("mapinvert(scores)", {"1": "a", "2": "b"}, {"scores": {"a": 1, "b": 2}}),
)
def _mapinvert(values: object) -> dict[str, str] | None:
    """Return a map with keys and values changed over."""
    if not isinstance(values, Mapping):
        return None
    return {show(each): key for key, each in values.items() if each is not None} or None


def _fields_under(row: Row, prefix: str) -> Iterator[tuple[str, object]]:
    for key, value in row.items():
        if key.startswith(prefix):
            rest = key[len(prefix) :]
            if isinstance(value, Mapping):
                yield from ((f"{rest}.{inner}", each) for inner, each in _flatten(value))
            elif rest and value is not None:
                yield rest, value
        elif isinstance(value, Mapping) and prefix.startswith(f"{key}."):
            yield from _fields_under(value, prefix[len(key) + 1 :])


def _flatten(row: Row) -> Iterator[tuple[str, object]]:
    waiting = [("", row)]
    while waiting:
        above, current = waiting.pop()
        for key, value in current.items():
            if isinstance(value, Mapping):
                waiting.append((f"{above}{key}.", value))
            elif value is not None:
                yield f"{above}{key}", value
