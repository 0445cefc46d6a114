"""The checks that refuse an attributes object before it is accepted."""

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

from braze_sandbox.settings import Settings
from braze_sandbox.track import problems
from braze_sandbox.track.problems import Problem

_EMAIL = re.compile(r"[^@\s,;<>()\"]+@[^@\s,;<>()\"]+\.[^@\s.,;<>()\"]+")
_SUBSCRIPTION = ("opted_in", "subscribed", "unsubscribed")
_GROUP_STATES = ("subscribed", "unsubscribed")
_DEVICE_BYTES = range(8, 256)

Check = Callable[[Any, Settings], Problem | None]


def find_problem(item: dict[str, Any], settings: Settings) -> Problem | None:
    """Return why an attributes object is refused as a whole, None if it is accepted."""
    for key in _CHECKS.keys() & item.keys():
        value = item[key]
        if value is None:
            continue
        problem = _CHECKS[key](value, settings)
        if problem is not None:
            return problem
    if item.get("push_token_import") is True:
        named = item.get("external_id") is not None or item.get("braze_id") is not None
        if named or not item.get("push_tokens"):
            return problems.BAD_TOKEN_IMPORT
    return None


def _check_email(value: Any, settings: Settings) -> Problem | None:
    fits = isinstance(value, str) and len(value) <= settings.string_characters
    return None if fits and _EMAIL.fullmatch(value) else problems.BAD_EMAIL


def _check_email_subscribe(value: Any, _: Settings) -> Problem | None:
    return None if value in _SUBSCRIPTION else problems.BAD_EMAIL_SUBSCRIBE


def _check_push_subscribe(value: Any, _: Settings) -> Problem | None:
    return None if value in _SUBSCRIPTION else problems.BAD_PUSH_SUBSCRIBE


def _check_location(value: Any, _: Settings) -> Problem | None:
    if not isinstance(value, dict):
        return problems.BAD_LOCATION
    parts = (value.get("longitude"), value.get("latitude"))
    fits = all(isinstance(x, int | float) and not isinstance(x, bool) for x in parts)
    return None if fits else problems.BAD_LOCATION


def _check_groups(value: Any, _: Settings) -> Problem | None:
    if not isinstance(value, list):
        return problems.BAD_GROUPS
    for group in value:
        if not isinstance(group, dict) or not (
            {"subscription_group_id", "subscription_state"} <= group.keys()
        ):
            return problems.BAD_GROUP
        if not _is_uuid(group["subscription_group_id"]):
            return problems.BAD_GROUP_ID
        if group["subscription_state"] not in _GROUP_STATES:
            return problems.BAD_GROUP_STATE
    return None


def _check_tokens(value: Any, settings: Settings) -> Problem | None:
    if not isinstance(value, list) or not all(isinstance(token, dict) for token in value):
        return problems.BAD_PUSH_TOKENS
    for token in value:
        if not isinstance(token.get("token"), str):
            return problems.BAD_PUSH_TOKEN
        app = token.get("app_id")
        if not isinstance(app, str) or (settings.app_ids and app not in settings.app_ids):
            return problems.BAD_PUSH_TOKEN_APP
        device = token.get("device_id")
        if device is not None and not (
            isinstance(device, str) and len(device.encode()) in _DEVICE_BYTES
        ):
            return problems.BAD_DEVICE
    return None


def _check_subscription_info(_value: Any, _: Settings) -> Problem | None:
    return problems.BAD_SUBSCRIPTION_INFO


def _is_uuid(value: Any) -> bool:
    try:
        UUID(value)
    except (ValueError, TypeError, AttributeError):
        return False
    return True


_CHECKS: dict[str, Check] = {
    "email": _check_email,
    "email_subscribe": _check_email_subscribe,
    "push_subscribe": _check_push_subscribe,
    "current_location": _check_location,
    "subscription_groups": _check_groups,
    "push_tokens": _check_tokens,
    "email_subscription_info": _check_subscription_info,
}
