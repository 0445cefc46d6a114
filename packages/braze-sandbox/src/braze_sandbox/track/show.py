"""What the answer of /users/track/sync shows."""

from typing import Any

from braze_sandbox.model.identifier import Identifier
from braze_sandbox.model.profile import Alias, Profile, Tally
from braze_sandbox.store.profiles import Profiles
from braze_sandbox.times import format_time
from braze_sandbox.track.attributes import NO_ATTRIBUTES
from braze_sandbox.track.fields import STANDARD_FIELDS
from braze_sandbox.track.identify import find_profile
from braze_sandbox.track.request import TrackRequest


def show_written(request: TrackRequest, profiles: Profiles) -> list[dict[str, Any]]:
    """Return the users of a processed request, each with the values that the request named.

    A user that does not exist, because it may not be created, is not shown.
    """
    shown = []
    for kind, items in zip(
        ("custom_attributes", "custom_events", "purchase_events"), request.arrays(), strict=True
    ):
        for accepted in items or ():
            profile = find_profile(profiles, accepted.identifier)
            if profile is not None:
                values = _show(kind, accepted.item, profile)
                shown.append({**_show_identifier(accepted.identifier), kind: values})
    return shown


def _show_identifier(identifier: Identifier) -> dict[str, Any]:
    value = identifier.value
    if isinstance(value, Alias):
        return {"user_alias": {"alias_name": value.name, "alias_label": value.label}}
    return {identifier.kind: value}


def _show(kind: str, item: dict[str, Any], profile: Profile) -> Any:
    if kind == "custom_attributes":
        named = [name for name in item if name not in NO_ATTRIBUTES | STANDARD_FIELDS]
        return {name: profile.custom[name] for name in named if name in profile.custom}
    if kind == "custom_events":
        return [_show_tally("name", item["name"], profile.events)]
    return [_show_tally("product_id", str(item["product_id"]), profile.purchases)]


def _show_tally(key: str, name: str, tallies: dict[str, Tally]) -> dict[str, Any]:
    tally = tallies[name]
    return {
        key: name,
        "first": format_time(tally.first),
        "last": format_time(tally.last),
        "count": tally.count,
    }
