"""The change of one custom attribute."""

from typing import Any

import msgspec

from braze_sandbox.bodies import is_deeper, is_whole
from braze_sandbox.errors import SandboxError
from braze_sandbox.model.profile import Value
from braze_sandbox.settings import Settings
from braze_sandbox.times import format_time, parse_time
from braze_sandbox.track.arrays import change_array, is_flat, read_change, replace_array
from braze_sandbox.track.keys import count_keys, count_operation
from braze_sandbox.track.nested import (
    change_objects,
    is_operation,
    is_time,
    merge_object,
    read_object,
    read_objects,
)

# Ours: Braze names no limit, and what is kept has to be read again.
_DEEPEST = 100


class DroppedAttributeError(SandboxError):
    """A value that Braze accepts and does not store."""


class Change(msgspec.Struct, frozen=True):
    """The new value of an attribute, the type it has, the data points it costs.

    `value` is None when nothing is to be stored (a removal from an attribute without value).
    """

    value: Value
    kind: str
    points: int = 1


def change_attribute(
    current: Value, value: Any, *, kind: str | None, merge: bool, settings: Settings
) -> Change:
    """Return what writing `value` over `current` makes of an attribute of type `kind`.

    `kind` is None for an attribute that never had a value; `value` is not None. Raise
    DroppedAttributeError or BadNestedError if Braze would drop the write.
    """
    if isinstance(value, str):
        return _change_text(value, kind, settings)
    if isinstance(value, bool):
        return Change(value, _same("boolean", kind))
    if isinstance(value, int | float):
        return Change(value, _same("number", kind))
    if is_deeper(value, _DEEPEST):
        message = f"it is nested more than {_DEEPEST} levels deep"
        raise DroppedAttributeError(message)
    if isinstance(value, list):
        return _change_list(value, kind, settings)
    return _change_by_object(current, value, kind=kind, merge=merge, settings=settings)


def _change_text(value: str, kind: str | None, settings: Settings) -> Change:
    if kind == "string":
        return Change(value[: settings.string_characters], kind)
    moment = parse_time(value)
    if moment is not None:
        return Change(format_time(moment), _same("time", kind))
    return Change(value[: settings.string_characters], _same("string", kind))


def _change_list(value: list[Any], kind: str | None, settings: Settings) -> Change:
    if is_flat(value):
        # An empty list says nothing about what the array holds.
        if not value and kind == "array_of_objects":
            return Change([], kind)
        return Change(replace_array(value, settings), _same("array", kind))
    objects = read_objects(value, settings)
    return Change(objects, _same("array_of_objects", kind), count_keys(value))


def _change_by_object(
    current: Value, value: dict[str, Any], *, kind: str | None, merge: bool, settings: Settings
) -> Change:
    if is_time(value):
        moment = parse_time(value["$time"]) if isinstance(value["$time"], str) else None
        if moment is None:
            raise DroppedAttributeError("$time holds no time")
        return Change(format_time(moment), _same("time", kind))
    if value.keys() == {"inc"}:
        return Change(_increment(current, value["inc"]), _same("number", kind))
    if is_operation(value):
        _same("array_of_objects", kind)
        changed = change_objects(current or [], value, settings, merge=merge)
        return Change(changed, "array_of_objects", count_operation(value))
    change = read_change(value) if kind != "object" else None
    if change is not None:
        _same("array", kind)
        if not is_flat(change.add):
            raise DroppedAttributeError("arrays hold strings, numbers and booleans")
        if current is None and not change.add:
            return Change(None, "array")
        return Change(change_array(current or [], change, settings), "array")
    _same("object", kind)
    points = count_keys(value)
    if merge:
        return Change(merge_object(current or {}, value, settings), "object", points)
    return Change(read_object(value, settings), "object", points)


def _increment(current: Value, step: Any) -> int:
    if isinstance(step, bool) or not isinstance(step, int):
        raise DroppedAttributeError("inc takes an integer")
    if current is None:
        return step
    if not isinstance(current, int):
        raise DroppedAttributeError("only integer attributes can be incremented")
    if not is_whole(current + step):
        raise DroppedAttributeError("the sum does not fit 64 bits")
    return current + step


def _same(wanted: str, kind: str | None) -> str:
    if kind is not None and kind != wanted:
        message = f"the attribute has the type {kind}, the value is {wanted}"
        raise DroppedAttributeError(message)
    return wanted
