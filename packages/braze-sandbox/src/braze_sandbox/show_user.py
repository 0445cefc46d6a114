"""A user in the form of the admin API."""

from typing import Any

from braze_sandbox.model.profile import Profile, Tally
from braze_sandbox.times import format_time


def show_user(profile: Profile) -> dict[str, Any]:
    """Return all that is known of a user.

    Keys: number, braze_id, external_id, user_aliases, random_bucket, created_at, updated_at,
    fields, custom_attributes, subscription_groups, cohorts (`partner/id`), custom_events,
    purchases, total_revenue.
    """
    return {
        "number": profile.number,
        "braze_id": profile.braze_id,
        "external_id": profile.external_id,
        "user_aliases": [
            {"alias_name": alias.name, "alias_label": alias.label} for alias in profile.aliases
        ],
        "random_bucket": profile.random_bucket,
        "created_at": format_time(profile.created_at),
        "updated_at": format_time(profile.updated_at),
        "fields": profile.fields,
        "custom_attributes": profile.custom,
        "subscription_groups": profile.groups,
        "cohorts": sorted(profile.cohorts),
        "custom_events": _show_tallies(profile.events),
        "purchases": _show_tallies(profile.purchases),
        "total_revenue": float(profile.revenue),
    }


def _show_tallies(tallies: dict[str, Tally]) -> dict[str, dict[str, Any]]:
    return {
        name: {
            "count": tally.count,
            "first": format_time(tally.first),
            "last": format_time(tally.last),
        }
        for name, tally in tallies.items()
    }
