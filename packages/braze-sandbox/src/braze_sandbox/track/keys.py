"""The keys of nested attributes, each of which Braze bills as a data point."""

from typing import Any


def count_keys(value: Any) -> int:
    """Return the data points that the write of a nested value costs, at least one.

    Each key with a value counts at any depth, a key with an object in it does not count itself;
    the page on nested attributes calls an object of five values and an object of two seven points,
    that on arrays of objects two objects of four keys eight.
    """
    return max(_count(value), 1)


def count_operation(operation: dict[str, Any]) -> int:
    """Return the data points of `$add`, `$remove` and `$update`, at least one.

    Added objects count by their keys, changed ones by the keys that change, removals by criteria.
    """
    changed = [part.get("$new_object") for part in operation.get("$update", ())]
    points = _count(operation.get("$add", [])) + len(operation.get("$remove", ()))
    return max(points + _count(changed), 1)


def _count(value: Any) -> int:
    """Return 1 for a value, the sum of the parts for an object or an array that holds objects."""
    if isinstance(value, dict):
        return 1 if "$time" in value else sum(_count(member) for member in value.values())
    if isinstance(value, list) and (not value or isinstance(value[0], dict)):
        return sum(_count(member) for member in value)
    return 1
