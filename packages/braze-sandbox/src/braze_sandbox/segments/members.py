"""The reading of whole filters, with the users that meet them."""

from collections.abc import Callable, Iterator
from typing import Any

from braze_sandbox.errors import RefusedError
from braze_sandbox.model.profile import Profile
from braze_sandbox.segments import attributes, behaviour
from braze_sandbox.segments.asking import Asking, BadFilterError, Condition, read_content

_FILTERS: dict[str, Callable[[Any, Asking], Condition]] = {
    "custom_attribute": attributes.read_custom_attribute,
    "user_attribute": attributes.read_user_attribute,
    "email_subscription_status": attributes.read_email_status,
    "push_subscription_status": attributes.read_push_status,
    "last_used_app": attributes.read_last_used_app,
    "subscription_group": attributes.read_subscription_group,
    "cohort": attributes.read_cohort,
    "email_available": attributes.read_email_available,
    "custom_event": behaviour.read_custom_event,
    "purchase": behaviour.read_purchase,
}


class UnknownSegmentError(RefusedError):
    """A segment was named that does not exist."""

    def __init__(self, segment_id: str) -> None:
        super().__init__(
            404, f"There is no segment '{segment_id}'. GET /_sandbox/segments lists them."
        )


def resolve_filter(
    asking: Asking, segment_id: str | None, condition: dict[str, Any] | None
) -> Condition | None:
    """Return the test of a segment, of a filter given inline, or None for all users.

    Raise UnknownSegmentError (404) or BadFilterError (400).
    """
    if segment_id is not None:
        segment = asking.workspace.segments.get(segment_id)
        if segment is None:
            raise UnknownSegmentError(segment_id)
        return read_filter(segment.filter, asking)
    return None if condition is None else read_filter(condition, asking)


def find_members(asking: Asking, condition: Condition | None) -> Iterator[Profile]:
    """Yield the users that meet `condition` now, in order of creation; None takes all."""
    profiles = asking.workspace.profiles
    return iter(profiles) if condition is None else filter(condition, profiles)


def read_filter(node: Any, asking: Asking, *, nested: bool = False) -> Condition:
    """Return the test that a filter in the grammar of the connected audience object describes.

    NOT, segment and the filters on standard fields and behaviour are ours, since the documented
    object has none. `nested` tells that the filter is that of a segment which another one names.
    Raise BadFilterError (400).
    """
    if not isinstance(node, dict) or len(node) != 1:
        raise BadFilterError("each filter is an object with one key")
    ((name, content),) = node.items()
    if name in ("AND", "OR"):
        if not isinstance(content, list) or not content:
            message = f"{name} takes a list of filters"
            raise BadFilterError(message)
        parts = [read_filter(part, asking, nested=nested) for part in content]
        if name == "AND":
            return lambda profile: all(part(profile) for part in parts)
        return lambda profile: any(part(profile) for part in parts)
    if name == "NOT":
        inner = read_filter(content, asking, nested=nested)
        return lambda profile: not inner(profile)
    if name == "segment":
        return _read_segment(content, asking, nested=nested)
    read = _FILTERS.get(name)
    if read is None:
        message = f"'{name}' is no filter of the sandbox"
        raise BadFilterError(message)
    return read(content, asking)


def _read_segment(content: Any, asking: Asking, *, nested: bool) -> Condition:
    if nested:
        # braze-docs: a segment that uses Segment Membership cannot be nested again.
        raise BadFilterError("a segment that names a segment cannot be named by another")
    found = read_content("segment", content, "segment_id")
    segment = asking.workspace.segments.get(found["segment_id"])
    if segment is None:
        raise UnknownSegmentError(found["segment_id"])
    inner = read_filter(segment.filter, asking, nested=True)
    positive = found.get("comparison", "is") == "is"
    return lambda profile: inner(profile) is positive
