"""The comparisons of segment filters."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from braze_sandbox.segments.asking import BadFilterError, Test
from braze_sandbox.times import parse_time

# As many as a filter of the dashboard takes (braze-docs, custom attribute data types).
_MOST_VALUES = 256

_Compare: TypeAlias = Callable[[Any, Any], bool]


def make_test(comparison: Any, value: Any, *, now: datetime) -> Test:
    """Return the test of a value that a filter asks for; raise BadFilterError (400)."""
    name = str(comparison)
    if name in _RELATIVE:
        return _relative_test(name, value, now)
    compare = _COMPARISONS.get(name)
    if compare is None:
        known = ", ".join((*_COMPARISONS, *_RELATIVE))
        message = f"'{comparison}' is no comparison; known are {known}"
        raise BadFilterError(message)
    if name in ("matches_regex", "does_not_match_regex"):
        _check_regex(value)
    if name in _LISTED and not (isinstance(value, list) and len(value) <= _MOST_VALUES):
        message = f"{name} takes a list of at most {_MOST_VALUES} values"
        raise BadFilterError(message)
    return lambda held: compare(held, value)


def _relative_test(name: str, days: Any, now: datetime) -> Test:
    if isinstance(days, bool) or not isinstance(days, int | float):
        message = f"{name} takes a number of days"
        raise BadFilterError(message)
    # "1 day is 24 hours" (braze-docs, custom attribute data types).
    sign = -1 if name.endswith("ago") else 1
    border = now + sign * timedelta(days=days)
    later = name in ("less_than_x_days_ago", "greater_than_x_days_in_the_future")

    def test(held: Any) -> bool:
        moment = as_moment(held)
        if moment is None:
            return False
        if sign > 0 and moment < now:
            return False  # The past is in no number of days in the future.
        return moment > border if later else moment < border

    return test


def as_moment(held: Any) -> datetime | None:
    """Return the time that a value is, None if it is none."""
    if isinstance(held, datetime):
        return held
    return parse_time(held) if isinstance(held, str) else None


def _check_regex(value: Any) -> None:
    try:
        re.compile(value)
    except (re.error, TypeError) as error:
        message = f"'{value}' is no regular expression"
        raise BadFilterError(message) from error


def _includes(held: Any, value: Any) -> bool:
    return isinstance(held, list) and value in held


def _equals(held: Any, value: Any) -> bool:
    # A number filter for exactly 0 also matches users without a value (braze-docs).
    if held is None:
        return value == 0 and not isinstance(value, bool)
    return bool(held == value)


def _differs(held: Any, value: Any) -> bool:
    # "Does not equal" ignores case, "equals" does not (braze-docs, segmentation filters).
    if isinstance(held, str) and isinstance(value, str):
        return held.casefold() != value.casefold()
    return bool(held != value)


def _matches(held: Any, value: Any) -> bool:
    texts = held if isinstance(held, list) else [held]
    return any(isinstance(t, str) and re.search(value, t, re.IGNORECASE) for t in texts)


def _is_any(held: Any, values: Any) -> bool:
    return any(item in values for item in (held if isinstance(held, list) else [held]))


def _contains_any(held: Any, values: Any) -> bool:
    texts = held if isinstance(held, list) else [held]
    return any(str(v) in text for text in texts if isinstance(text, str) for v in values)


def _includes_all(held: Any, values: Any) -> bool:
    return isinstance(held, list) and all(value in held for value in values)


def _is_blank(held: Any, _: Any) -> bool:
    return held is None or held in ("", [])


def _number_test(test: Callable[[float, float], bool]) -> _Compare:
    def compare(held: Any, value: Any) -> bool:
        if isinstance(held, bool) or not isinstance(held, int | float):
            return False
        return isinstance(value, int | float) and test(held, value)

    return compare


def _is_less(held: Any, value: Any) -> bool:
    # "Less than" also matches users without a value (braze-docs).
    return held is None or _number_test(lambda a, b: a < b)(held, value)


def _time_test(test: Callable[[datetime, datetime], bool]) -> _Compare:
    def compare(held: Any, value: Any) -> bool:
        moment, border = as_moment(held), as_moment(value)
        return moment is not None and border is not None and test(moment, border)

    return compare


_COMPARISONS: dict[str, _Compare] = {
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
    "any_of": _is_any,
    "none_of": lambda held, values: not _is_any(held, values),
    "all_of": _includes_all,
    "not_all_of": lambda held, values: not _includes_all(held, values),
    "contains_any_of": _contains_any,
    "does_not_contain_any_of": lambda held, values: not _contains_any(held, values),
    "is_blank": _is_blank,
    "is_not_blank": lambda held, value: not _is_blank(held, value),
}
_LISTED = frozenset(name for name in _COMPARISONS if name.endswith("_of"))
_RELATIVE = (
    "less_than_x_days_ago",
    "greater_than_x_days_ago",
    "less_than_x_days_in_the_future",
    "greater_than_x_days_in_the_future",
)
