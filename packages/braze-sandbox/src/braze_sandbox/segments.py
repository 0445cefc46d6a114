"""Who is in a segment, asked anew each time."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from braze_sandbox.errors import RefusedError
from braze_sandbox.model.profile import Profile, Value
from braze_sandbox.store.workspace import Workspace
from braze_sandbox.times import parse_time

Condition = Callable[[Profile], bool]
_Test = Callable[[Value, Any], bool]


class BadFilterError(RefusedError):
    """A segment filter cannot be read."""

    def __init__(self, detail: str) -> None:
        super().__init__(
            400,
            f"The segment filter does not fit: {detail}. A filter is like "
            '{"custom_attribute": {"custom_attribute_name": "lytics_segments", "comparison": '
            '"includes_value", "value": "big_spenders"}}, combined by {"AND": [...]}, '
            '{"OR": [...]}.',
        )


class UnknownSegmentError(RefusedError):
    """A segment was named that does not exist."""

    def __init__(self, segment_id: str) -> None:
        super().__init__(
            404, f"There is no segment '{segment_id}'. GET /_sandbox/segments lists them."
        )


def resolve_filter(
    workspace: Workspace, segment_id: str | None, condition: dict[str, Value] | None
) -> Condition | None:
    """Return the test of a segment, of a filter given inline, or None for all users.

    Raise UnknownSegmentError (404) or BadFilterError (400).
    """
    if segment_id is not None:
        segment = workspace.segments.get(segment_id)
        if segment is None:
            raise UnknownSegmentError(segment_id)
        return read_filter(segment.filter)
    return None if condition is None else read_filter(condition)


def find_members(workspace: Workspace, condition: Condition | None) -> Iterator[Profile]:
    """Yield the users that meet `condition` now, in order of creation; None takes all."""
    return iter(workspace.profiles) if condition is None else filter(condition, workspace.profiles)


def read_filter(node: Any) -> Condition:
    """Return the test that a filter in the grammar of the connected audience object describes.

    Understood are AND, OR, NOT (ours), custom_attribute, email_subscription_status,
    push_subscription_status. Raise BadFilterError (400).
    """
    if not isinstance(node, dict) or len(node) != 1:
        raise BadFilterError("each filter is an object with one key")
    ((name, content),) = node.items()
    if name in ("AND", "OR"):
        if not isinstance(content, list) or not content:
            message = f"{name} takes a list of filters"
            raise BadFilterError(message)
        parts = [read_filter(part) for part in content]
        if name == "AND":
            return lambda profile: all(part(profile) for part in parts)
        return lambda profile: any(part(profile) for part in parts)
    if name == "NOT":
        inner = read_filter(content)
        return lambda profile: not inner(profile)
    if name == "custom_attribute":
        return _read_attribute(content)
    if name in ("email_subscription_status", "push_subscription_status"):
        return _read_subscription(name, content)
    message = f"'{name}' is no filter of the sandbox"
    raise BadFilterError(message)


def _read_attribute(content: Any) -> Condition:
    if not isinstance(content, dict) or not isinstance(content.get("custom_attribute_name"), str):
        raise BadFilterError("custom_attribute needs custom_attribute_name, comparison, value")
    name: str = content["custom_attribute_name"]
    comparison, value = content.get("comparison"), content.get("value")
    test = _TESTS.get(str(comparison))
    if test is None:
        known = ", ".join(_TESTS)
        message = f"'{comparison}' is no comparison; known are {known}"
        raise BadFilterError(message)
    if comparison in ("matches_regex", "does_not_match_regex"):
        _check_regex(value)
    return lambda profile: test(profile.custom.get(name), value)


def _read_subscription(name: str, content: Any) -> Condition:
    if not isinstance(content, dict) or content.get("comparison") not in ("is", "is_not"):
        message = f"{name} takes the comparison is or is_not, with a value"
        raise BadFilterError(message)
    field = "email_subscribe" if name.startswith("email") else "push_subscribe"
    wanted, positive = content.get("value"), content["comparison"] == "is"
    return lambda p: (p.fields.get(field, "subscribed") == wanted) is positive


def _check_regex(value: Any) -> None:
    try:
        re.compile(value)
    except (re.error, TypeError) as error:
        message = f"'{value}' is no regular expression"
        raise BadFilterError(message) from error


def _includes(held: Value, value: Any) -> bool:
    return isinstance(held, list) and value in held


def _equals(held: Value, value: Any) -> bool:
    # A number filter for exactly 0 also matches users without a value (braze-docs).
    if held is None:
        return value == 0 and not isinstance(value, bool)
    return bool(held == value)


def _differs(held: Value, value: Any) -> bool:
    # "Does not equal" ignores case, "equals" does not (braze-docs, segmentation filters).
    if isinstance(held, str) and isinstance(value, str):
        return held.casefold() != value.casefold()
    return bool(held != value)


def _matches(held: Value, value: Any) -> bool:
    texts = held if isinstance(held, list) else [held]
    return any(isinstance(t, str) and re.search(value, t, re.IGNORECASE) for t in texts)


def _number_test(test: Callable[[float, float], bool]) -> _Test:
    def compare(held: Value, value: Any) -> bool:
        if isinstance(held, bool) or not isinstance(held, int | float):
            return False
        return isinstance(value, int | float) and test(held, value)

    return compare


def _is_less(held: Value, value: Any) -> bool:
    # "Less than" also matches users without a value (braze-docs).
    return held is None or _number_test(lambda a, b: a < b)(held, value)


def _time_test(test: Callable[[datetime, datetime], bool]) -> _Test:
    def compare(held: Value, value: Any) -> bool:
        moment = parse_time(held) if isinstance(held, str) else None
        border = parse_time(value) if isinstance(value, str) else None
        return moment is not None and border is not None and test(moment, border)

    return compare


_TESTS: dict[str, _Test] = {
    "includes_value": _includes,
    "does_not_include_value": lambda held, value: not _includes(held, value),
    "equals": _equals,
    "not_equal": _differs,
    "does_not_equal": _differs,
    "matches_regex": _matches,
    "does_not_match_regex": lambda held, value: not _matches(held, value),
    "exists": lambda held, _: held is not None,
    "does_not_exist": lambda held, _: held is None,
    "greater_than": _number_test(lambda a, b: a > b),
    "greater_than_or_equal_to": _number_test(lambda a, b: a >= b),
    "less_than": _is_less,
    "less_than_or_equal_to": _number_test(lambda a, b: a <= b),
    "after": _time_test(lambda a, b: a > b),
    "before": _time_test(lambda a, b: a < b),
}
