"""Array attributes: sets whose order is that of the last addition."""

from collections.abc import Iterable
from typing import Any

import msgspec

from braze_sandbox.model.profile import Value
from braze_sandbox.settings import Settings


class ArrayChange(msgspec.Struct, frozen=True):
    """Values to add and to remove."""

    add: list[Any]
    remove: list[Any]


def read_change(value: dict[str, Any]) -> ArrayChange | None:
    """Return the change that `{"add": [...], "remove": [...]}` asks for, None if it is none."""
    if not value or not value.keys() <= {"add", "remove"}:
        return None
    add, remove = value.get("add", []), value.get("remove", [])
    if not isinstance(add, list) or not isinstance(remove, list):
        return None
    return ArrayChange(add, remove)


def is_flat(values: Iterable[Any]) -> bool:
    """Tell whether all values are strings, numbers or booleans (arrays have one dimension)."""
    return all(isinstance(value, str | int | float) for value in values)


def replace_array(values: list[Any], settings: Settings) -> list[Value]:
    """Return what a whole list stores: first occurrences, cut to the limits."""
    return _cut(list(_distinct(values, settings).values()), settings)


def change_array(current: list[Value], change: ArrayChange, settings: Settings) -> list[Value]:
    """Return `current` with the added values at its end and without the removed ones.

    A value that is there already moves to the end. Above the limit the oldest go.
    """
    kept = {_key(value): value for value in current}
    for key, value in _distinct(change.add, settings).items():
        kept.pop(key, None)
        kept[key] = value
    for key in _distinct(change.remove, settings):
        kept.pop(key, None)
    return _cut(list(kept.values()), settings)


def _distinct(values: list[Any], settings: Settings) -> dict[Any, Value]:
    limit = settings.string_characters
    cut = (value[:limit] if isinstance(value, str) else value for value in values)
    distinct: dict[Any, Value] = {}
    for value in cut:
        distinct.setdefault(_key(value), value)
    return distinct


def _key(value: Value) -> Any:
    # True equals 1 in Python and not in JSON.
    return value if isinstance(value, str) else (type(value) is bool, value)


def _cut(values: list[Value], settings: Settings) -> list[Value]:
    values = values[-settings.array_elements :]
    excess = _size(values) - settings.array_bytes
    first = 0
    while excess > 0:
        excess -= _size(values[first : first + 1])
        first += 1
    return values[first:]


def _size(values: list[Value]) -> int:
    return sum(len(v.encode()) if isinstance(v, str) else 8 for v in values)
