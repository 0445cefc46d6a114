"""What a template can say about a user."""

from typing import Any

from braze_sandbox.liquid.syntax import PROFILE
from braze_sandbox.model.mail import Occasion, Origin
from braze_sandbox.model.profile import Profile


def make_variables(profile: Profile, origin: Origin, occasion: Occasion) -> dict[str, Any]:
    """Return the variables of one message; what has no value is left out and renders empty."""
    return {
        PROFILE: _profile_variables(profile),
        "custom_attribute": profile.custom,
        "subscribed_state": {
            "email_global": profile.fields.get("email_subscribe", "subscribed"),
            **profile.groups,
        },
        "event_properties": occasion.event_properties,
        "api_trigger_properties": occasion.trigger_properties,
        "context": occasion.context,
        "canvas_entry_properties": occasion.context,
        **_origin_variables(origin),
    }


def _origin_variables(origin: Origin) -> dict[str, Any]:
    campaign, canvas, step = origin.campaign, origin.canvas, origin.step
    if campaign is not None:
        return {
            "campaign": {
                "api_id": campaign.id,
                "dispatch_id": origin.dispatch_id,
                "name": campaign.name,
                "message_name": campaign.message_name,
                "message_api_id": campaign.message_id,
            }
        }
    if canvas is None or step is None:
        return {"campaign": {"dispatch_id": origin.dispatch_id}}
    return {
        "canvas": {
            "name": canvas.name,
            "api_id": canvas.id,
            "variant_name": canvas.variant_name,
            "variant_api_id": canvas.variant_id,
        },
        "campaign": {
            "dispatch_id": origin.dispatch_id,
            "message_name": step.name,
            "message_api_id": step.id,
        },
    }


_FIELDS = {
    "city": "home_city",
    "country": "country",
    "date_of_birth": "dob",
    "email_address": "email",
    "first_name": "first_name",
    "gender": "gender",
    "language": "language",
    "last_name": "last_name",
    "last_used_app_date": "date_of_last_session",
    "phone_number": "phone",
    "time_zone": "time_zone",
}


def _profile_variables(profile: Profile) -> dict[str, Any]:
    fields = profile.fields
    variables = {name: fields[field] for name, field in _FIELDS.items() if field in fields}
    variables["braze_id"] = profile.braze_id
    variables["random_bucket_number"] = profile.random_bucket
    if profile.external_id is not None:
        variables["user_id"] = profile.external_id
    return variables
