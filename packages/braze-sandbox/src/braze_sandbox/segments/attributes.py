"""Filters on what a user is."""

from collections.abc import Callable
from typing import Any

from braze_sandbox.model.profile import Profile
from braze_sandbox.segments.asking import Asking, BadFilterError, Condition, read_content
from braze_sandbox.segments.comparisons import make_test
from braze_sandbox.track.fields import STANDARD_FIELDS

_EACH = "*"
_OWN: dict[str, Callable[[Profile], Any]] = {
    "external_id": lambda p: p.external_id,
    "braze_id": lambda p: p.braze_id,
    "created_at": lambda p: p.created_at,
    "random_bucket": lambda p: p.random_bucket,
    "total_revenue": lambda p: float(p.revenue),
}


def read_custom_attribute(content: Any, asking: Asking) -> Condition:
    """Return the test of `{"custom_attribute_name", "comparison", "value"}`.

    A name with dots and `[n]` leads into a nested attribute, `[]` to each element of an array, of
    which one has to match; unless an attribute has that name.
    """
    found = read_content("custom_attribute", content, "custom_attribute_name")
    name: str = found["custom_attribute_name"]
    test = make_test(found.get("comparison"), found.get("value"), now=asking.now)
    path = name.replace("[]", f".{_EACH}").replace("[", ".").replace("]", "").split(".")
    if len(path) == 1:
        return lambda profile: test(profile.custom.get(name))

    def holds(profile: Profile) -> bool:
        custom = profile.custom
        ends = [custom[name]] if name in custom else _follow(custom, path)
        return any(test(end) for end in ends)

    return holds


def read_user_attribute(content: Any, asking: Asking) -> Condition:
    """Return the test of a standard field: `{"name", "comparison", "value"}`; ours."""
    found = read_content("user_attribute", content, "name")
    name: str = found["name"]
    test = make_test(found.get("comparison"), found.get("value"), now=asking.now)
    own = _OWN.get(name)
    if own is not None:
        return lambda profile: test(own(profile))
    if name not in STANDARD_FIELDS:
        known = ", ".join((*_OWN, *sorted(STANDARD_FIELDS)))
        message = f"'{name}' is no standard field; known are {known}"
        raise BadFilterError(message)
    return lambda profile: test(profile.fields.get(name))


def read_last_used_app(content: Any, asking: Asking) -> Condition:
    """Return the test of the last session's time: `{"comparison", "value"}`."""
    found = read_content("last_used_app", content)
    test = make_test(found.get("comparison"), found.get("value"), now=asking.now)
    return lambda profile: test(profile.fields.get("date_of_last_session"))


def read_email_status(content: Any, _: Asking) -> Condition:
    """Return the test of the e-mail subscription: `{"comparison": "is" or "is_not", "value"}`."""
    return _read_status("email_subscription_status", "email_subscribe", content)


def read_push_status(content: Any, _: Asking) -> Condition:
    """Return the test of the push subscription: `{"comparison": "is" or "is_not", "value"}`."""
    return _read_status("push_subscription_status", "push_subscribe", content)


def read_subscription_group(content: Any, _: Asking) -> Condition:
    """Return the test of a group: `{"subscription_group_id", "comparison", "value"}`; ours."""
    found = read_content("subscription_group", content, "subscription_group_id")
    group, wanted = found["subscription_group_id"], found.get("value")
    positive = _read_is("subscription_group", found)
    return lambda profile: (profile.groups.get(group) == wanted) is positive


def read_cohort(content: Any, _: Asking) -> Condition:
    """Return the test of `{"partner", "cohort_id", "comparison"}`: membership; ours."""
    found = read_content("cohort", content, "partner", "cohort_id")
    key = f"{found['partner']}/{found['cohort_id']}"
    positive = _read_is("cohort", {"comparison": "is", **found})
    return lambda profile: (key in profile.cohorts) is positive


def read_email_available(content: Any, _: Asking) -> Condition:
    """Return the test of `{"value": true or false}`: an address that may be written to."""
    found = read_content("email_available", content)
    wanted = found.get("value", True)
    return lambda p: _may_be_mailed(p) is wanted


def _may_be_mailed(profile: Profile) -> bool:
    fields = profile.fields
    refused = fields.get("email_subscribe") == "unsubscribed" or "marked_email_as_spam_at" in fields
    return bool(fields.get("email")) and not refused


def _read_status(name: str, field: str, content: Any) -> Condition:
    found = read_content(name, content)
    wanted, positive = found.get("value"), _read_is(name, found)
    return lambda p: (p.fields.get(field, "subscribed") == wanted) is positive


def _read_is(name: str, content: dict[str, Any]) -> bool:
    if content.get("comparison") not in ("is", "is_not"):
        message = f"{name} takes the comparison is or is_not, with a value"
        raise BadFilterError(message)
    return bool(content["comparison"] == "is")


def _follow(value: Any, path: list[str]) -> list[Any]:
    """Return where a path ends: one value, or one of each element; None stands for no value."""
    ends = [value]
    for part in path:
        ends = [inner for end in ends for inner in _step(end, part)]
    return ends or [None]


def _step(value: Any, part: str) -> list[Any]:
    if isinstance(value, dict):
        return [value.get(part)]
    if isinstance(value, list) and part == _EACH:
        return value
    if isinstance(value, list) and part.isdecimal() and int(part) < len(value):
        return [value[int(part)]]
    return [None]
