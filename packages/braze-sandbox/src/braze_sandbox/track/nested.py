"""Nested attributes: objects with arrays of objects."""

from typing import Any, TypeVar

import msgspec

from braze_sandbox.errors import SandboxError
from braze_sandbox.model.profile import Value
from braze_sandbox.settings import Settings
from braze_sandbox.times import format_time, parse_time

_T = TypeVar("_T")

_OPERATORS = ("$add", "$remove", "$update")
_FORBIDDEN = (".", "$", " ")


class BadNestedError(SandboxError):
    """A nested value cannot be stored; Braze then drops all of the attribute's update."""


def is_operation(value: dict[str, Any]) -> bool:
    """Tell whether an object holds `$add`, `$remove` or `$update` for an array of objects."""
    return bool(value) and value.keys() <= set(_OPERATORS)


def is_time(value: dict[str, Any]) -> bool:
    """Tell whether an object is a `{"$time": ...}` mark."""
    return len(value) == 1 and "$time" in value


def read_object(value: dict[str, Any], settings: Settings) -> dict[str, Value]:
    """Return the stored form of a whole object; raise BadNestedError if a part is unfit."""
    return _fit(_read_members(value, settings, may_delete=False), settings)


def read_objects(values: list[Any], settings: Settings) -> list[Value]:
    """Return the stored form of an array of objects; raise BadNestedError if a part is unfit."""
    return _fit([_read_element(value, settings) for value in values], settings)


def merge_object(
    current: dict[str, Value], change: dict[str, Any], settings: Settings
) -> dict[str, Value]:
    """Return `current` with `change` merged in at every depth; null deletes a key.

    Raise BadNestedError if a part is unfit.
    """
    return _fit(_merge(current, _read_members(change, settings, may_delete=True)), settings)


def change_objects(
    current: list[Value], operation: dict[str, Any], settings: Settings, *, merge: bool
) -> list[Value]:
    """Return an array of objects after `$add`, then `$remove`, then `$update`.

    `$update` needs `_merge_objects`, given as `merge`. Raise BadNestedError if a part is unfit.
    """
    if "$update" in operation and not merge:
        raise BadNestedError("$update needs _merge_objects: true")
    changed = [*current, *read_objects(_list_of(operation, "$add"), settings)]
    for target in _list_of(operation, "$remove"):
        changed = [item for item in changed if not _is_target(item, target)]
    for target in _list_of(operation, "$update"):
        update = _read_members(_update_of(target), settings, may_delete=True)
        changed = [_merge(item, update) if _is_target(item, target) else item for item in changed]
    return _fit(changed, settings)


def _read_members(
    value: dict[str, Any], settings: Settings, *, may_delete: bool
) -> dict[str, Value]:
    return {
        _read_key(key, settings): _read_value(member, settings, may_delete=may_delete)
        for key, member in value.items()
    }


def _read_key(key: str, settings: Settings) -> str:
    if not key or len(key) > settings.string_characters or any(c in key for c in _FORBIDDEN):
        message = f"the key '{key}' may not hold '.', '$' or a space"
        raise BadNestedError(message)
    return key


def _read_value(value: Any, settings: Settings, *, may_delete: bool) -> Value:
    if value is None:
        if not may_delete:
            raise BadNestedError("null has no place here")
        return None
    if isinstance(value, dict):
        if is_time(value):
            return _read_time(value["$time"])
        return _read_members(value, settings, may_delete=may_delete)
    if isinstance(value, list):
        return [_read_value(element, settings, may_delete=False) for element in value]
    return value[: settings.string_characters] if isinstance(value, str) else value


def _read_time(value: Any) -> str:
    moment = parse_time(value) if isinstance(value, str) else None
    if moment is None:
        message = f"$time cannot be read from '{value}'"
        raise BadNestedError(message)
    return format_time(moment)


def _read_element(value: Any, settings: Settings) -> Value:
    if not isinstance(value, dict):
        raise BadNestedError("an array of objects holds objects only")
    return _read_members(value, settings, may_delete=False)


def _merge(current: Value, change: dict[str, Value]) -> dict[str, Value]:
    merged = dict(current) if isinstance(current, dict) else {}
    for key, value in change.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict):
            merged[key] = _merge(merged.get(key), value)
        else:
            merged[key] = value
    return merged


def _list_of(operation: dict[str, Any], operator: str) -> list[Any]:
    value = operation.get(operator, [])
    if not isinstance(value, list):
        message = f"{operator} must be an array"
        raise BadNestedError(message)
    return value


def _is_target(item: Value, target: Any) -> bool:
    if not isinstance(target, dict) or "$identifier_key" not in target:
        raise BadNestedError("$remove and $update name objects by $identifier_key")
    key = target["$identifier_key"]
    return bool(item.get(key) == target.get("$identifier_value")) and key in item


def _update_of(target: Any) -> dict[str, Any]:
    update = target.get("$new_object") if isinstance(target, dict) else None
    if not isinstance(update, dict):
        raise BadNestedError("$update needs a $new_object")
    return update


def _fit(value: _T, settings: Settings) -> _T:
    if len(msgspec.json.encode(value)) > settings.object_bytes:
        message = f"it is larger than {settings.object_bytes} bytes"
        raise BadNestedError(message)
    return value
