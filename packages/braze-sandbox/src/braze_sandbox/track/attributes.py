"""The application of one attributes object to a user."""

from typing import Any

import msgspec

from braze_sandbox.model.profile import Profile, Value
from braze_sandbox.track.custom import DroppedAttributeError, change_attribute
from braze_sandbox.track.fields import STANDARD_FIELDS, Ignored, read_field
from braze_sandbox.track.nested import BadNestedError
from braze_sandbox.track.writing import Writing

# These keys steer the request or identify the user; none is an attribute. `bio` is ignored.
NO_ATTRIBUTES = frozenset(
    {
        "_merge_objects",
        "_update_existing_only",
        "alias_label",
        "alias_name",
        "app_id",
        "bio",
        "braze_id",
        "external_id",
        "push_token_import",
        "subscription_groups",
        "user_alias",
    }
)

# What Braze's page on data points lists as not billable, of what the API can set.
_FREE = frozenset({"email_subscribe", "push_subscribe", "push_tokens"})


def apply_attributes(profile: Profile, item: dict[str, Any], writing: Writing) -> Profile:
    """Return `profile` with the attributes of `item`; standard fields, custom attributes, groups.

    Values that Braze would drop are left out and noted in `writing`.
    """
    fields, custom = profile.fields, profile.custom
    stamps = profile.stamps
    merge = item.get("_merge_objects") is True
    for name, value in item.items():
        if name in NO_ATTRIBUTES:
            continue
        if name in STANDARD_FIELDS:
            changed = _set_field(profile, fields, name, value, writing)
            if changed is not fields and name.endswith("_subscribe"):
                stamps = {**stamps, f"{name}.{value}": writing.now}
                if name == "email_subscribe":
                    writing.joined.append((profile.braze_id, None, value))
            fields = changed
        else:
            custom = _set_custom(profile, custom, name, value, merge=merge, writing=writing)
    return msgspec.structs.replace(
        profile,
        fields=fields,
        custom=custom,
        stamps=stamps,
        groups=_join_groups(profile.groups, item),
        updated_at=writing.now,
    )


def read_groups(item: dict[str, Any]) -> dict[str, str]:
    """Return the subscription groups that an attributes object sets, id to state."""
    groups = item.get("subscription_groups") or []
    return {group["subscription_group_id"]: group["subscription_state"] for group in groups}


def _join_groups(groups: dict[str, str], item: dict[str, Any]) -> dict[str, str]:
    return {**groups, **read_groups(item)} if item.get("subscription_groups") else groups


def _set_field(
    profile: Profile, fields: dict[str, Value], name: str, value: Any, writing: Writing
) -> dict[str, Value]:
    if value is None:
        _charge_field(name, writing)
        return {key: kept for key, kept in fields.items() if key != name}
    stored = read_field(name, value)
    if isinstance(stored, Ignored):
        writing.drop(profile.external_id or profile.braze_id, name, stored.reason)
        return fields
    _charge_field(name, writing)
    return {**fields, name: stored}


def _charge_field(name: str, writing: Writing) -> None:
    if name not in _FREE:
        writing.charge("attribute", name)


def _set_custom(
    profile: Profile,
    custom: dict[str, Value],
    name: str,
    value: Any,
    *,
    merge: bool,
    writing: Writing,
) -> dict[str, Value]:
    settings = writing.settings
    name = name[: settings.string_characters]
    if value is None:
        writing.charge("attribute", name)
        return {key: kept for key, kept in custom.items() if key != name}
    kind = writing.workspace.attribute_types.get(name)
    try:
        change = change_attribute(
            custom.get(name), value, kind=kind, merge=merge, settings=settings
        )
    except (DroppedAttributeError, BadNestedError) as error:
        writing.drop(profile.external_id or profile.braze_id, name, str(error))
        return custom
    writing.charge("attribute", name, change.points)
    if change.value is None:
        return custom
    if kind is None:
        writing.workspace.fix_type(name, change.kind)
    return {**custom, name: change.value}
