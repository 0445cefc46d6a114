"""What Braze bills for the write of an attribute."""

from coterie.model.delivery import Json

# Subscription states and push tokens are listed as not billable (docs of data points);
# `_merge_objects` is no attribute.
_FREE = frozenset({"_merge_objects", "email_subscribe", "push_subscribe", "push_tokens"})


def count_points(name: str, value: Json) -> int:
    """Return the data points of one attribute.

    A nested one costs a point for each key with a value in it, at any depth; an object of objects
    does not count itself (docs of nested custom attributes, "Data points").
    """
    return 0 if name in _FREE else max(_count_keys(value), 1)


def _count_keys(value: Json) -> int:
    if isinstance(value, dict):
        return sum(_count_keys(member) for member in value.values())
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return sum(_count_keys(member) for member in value)
    return 1
