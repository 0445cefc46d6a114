"""The answer of POST /users/export/ids."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

import msgspec

from braze_sandbox.errors import RefusedError
from braze_sandbox.model.profile import Alias, Profile, Tally
from braze_sandbox.settings import Settings
from braze_sandbox.store.profiles import Profiles
from braze_sandbox.times import format_time

_SINGLE = ("device_id", "email_address", "phone")
# Braze shows what was done in the last 90 days; first and count are all-time (docs of the export).
_SHOWN_DAYS = timedelta(days=90)
_SLOW_FIELDS = {"campaigns_received", "canvases_received"}


class ExportRequestError(RefusedError):
    """An export request that names no users, too many, or in two ways."""

    def __init__(self, message: str) -> None:
        super().__init__(400, message)


def export_bucket(body: Any) -> str:
    """Return the rate limit that holds: a wider one if the slow fields are left out."""
    fields = body.get("fields_to_export") if isinstance(body, dict) else None
    narrow = isinstance(fields, list) and bool(fields) and not _SLOW_FIELDS.intersection(fields)
    return "users.export.ids.narrow" if narrow else "users.export.ids"


def export_users(
    profiles: Profiles, body: Any, settings: Settings, *, now: datetime
) -> dict[str, Any]:
    """Return the answer for a decoded request body; raise ExportRequestError (400)."""
    request = body if isinstance(body, dict) else {}
    fields = _read_fields(request, settings)
    found, unknown = _find(profiles, request, settings)
    users = {profile.braze_id: show_profile(profile, fields, now=now) for profile in found}
    answer: dict[str, Any] = {"users": list(users.values())}
    if unknown:
        answer["invalid_user_ids"] = unknown
    answer["message"] = "success"
    return answer


def show_profile(
    profile: Profile, fields: frozenset[str] | None, *, now: datetime
) -> dict[str, Any]:
    """Return a user as exported, in the recorded order of keys; None means all fields.

    Fields without a value are left out.
    """
    shown: dict[str, Any] = {}
    if profile.events or profile.purchases:
        profile = msgspec.structs.replace(
            profile,
            events=_recent(profile.events, now),
            purchases=_recent(profile.purchases, now),
        )
    for name, read in _FIELDS.items():
        if fields is None or name in fields:
            value = read(profile)
            if value is not None:
                shown[name] = value
    return shown


def _read_fields(request: dict[str, Any], settings: Settings) -> frozenset[str] | None:
    fields = request.get("fields_to_export")
    if isinstance(fields, list) and fields:
        return frozenset(str(field) for field in fields)
    if settings.require_fields_to_export:
        raise ExportRequestError("'fields_to_export' must name at least one field")
    return None


def _find(
    profiles: Profiles, request: dict[str, Any], settings: Settings
) -> tuple[list[Profile], list[str]]:
    external_ids = [str(i) for i in _list(request, "external_ids")]
    aliases = _list(request, "user_aliases")
    if len(external_ids) + len(aliases) > settings.export_ids:
        message = "The max number of external_ids and aliases per request was exceeded"
        raise ExportRequestError(message)
    single = [name for name in _SINGLE if request.get(name)]
    if len(single) > 1:
        raise ExportRequestError("only one of 'device_id', 'email_address' or 'phone' is allowed")
    braze_id = request.get("braze_id")
    if not (external_ids or aliases or single or braze_id):
        raise ExportRequestError(
            "'external_ids', 'user_aliases', 'braze_id', 'device_id', 'email_address' or 'phone' "
            "is required"
        )
    by_id = {i: profiles.find_external(i) for i in external_ids}
    found = [profile for profile in by_id.values() if profile]
    found += _find_aliases(profiles, aliases)
    found += _present([profiles.find(str(braze_id))]) if braze_id else []
    if request.get("email_address"):
        found += profiles.with_email(str(request["email_address"]))
    if request.get("phone"):
        found += profiles.with_phone(str(request["phone"]))
    return found, [i for i, profile in by_id.items() if profile is None]


def _find_aliases(profiles: Profiles, aliases: list[Any]) -> list[Profile]:
    named = [a for a in aliases if isinstance(a, dict)]
    return _present(
        profiles.find_alias(Alias(str(a.get("alias_label")), str(a.get("alias_name"))))
        for a in named
    )


def _present(profiles: Iterable[Profile | None]) -> list[Profile]:
    return [profile for profile in profiles if profile is not None]


def _list(request: dict[str, Any], name: str) -> list[Any]:
    value = request.get(name, [])
    if not isinstance(value, list):
        message = f"'{name}' must be an array"
        raise ExportRequestError(message)
    return value


def _field(name: str) -> Callable[[Profile], Any]:
    return lambda profile: profile.fields.get(name)


def _birth_date(profile: Profile) -> str | None:
    date = profile.fields.get("dob")
    return f"{date}T00:00:00.000Z" if date else None


def _coordinates(profile: Profile) -> list[float] | None:
    place = profile.fields.get("current_location")
    return [place["longitude"], place["latitude"]] if place else None


def _events(profile: Profile) -> list[dict[str, Any]] | None:
    return _tallies(profile.events)


def _purchases(profile: Profile) -> list[dict[str, Any]] | None:
    return _tallies(profile.purchases)


def _recent(tallies: dict[str, Tally], now: datetime) -> dict[str, Tally]:
    return {name: tally for name, tally in tallies.items() if tally.last > now - _SHOWN_DAYS}


def _tallies(tallies: dict[str, Tally]) -> list[dict[str, Any]] | None:
    return [
        {
            "name": name,
            "first": format_time(tally.first),
            "last": format_time(tally.last),
            "count": tally.count,
        }
        for name, tally in tallies.items()
    ] or None


def _aliases(profile: Profile) -> list[dict[str, str]]:
    return [{"alias_name": a.name, "alias_label": a.label} for a in profile.aliases]


def _campaigns(profile: Profile) -> list[dict[str, Any]] | None:
    return [
        {
            "name": receipt.name,
            "api_campaign_id": campaign_id,
            "last_received": _show(receipt.last_received),
            "in_control": False,
            "variation_name": receipt.variation_name,
            "variation_api_id": receipt.variation_id,
        }
        for campaign_id, receipt in profile.campaigns.items()
    ] or None


def _canvases(profile: Profile) -> list[dict[str, Any]] | None:
    return [
        {
            "name": receipt.name,
            "api_canvas_id": canvas_id,
            "last_received_message": _show(receipt.last_received),
            "last_entered": _show(receipt.last_entered),
            "variation_name": receipt.variation_name,
            "in_control": False,
            "steps_received": [
                {"name": name, "api_canvas_step_id": step_id, "last_received": format_time(at)}
                for step_id, (name, at) in receipt.steps.items()
            ],
        }
        for canvas_id, receipt in profile.canvases.items()
    ] or None


def _show(moment: datetime | None) -> str | None:
    return None if moment is None else format_time(moment)


_FIELDS: dict[str, Callable[[Profile], Any]] = {
    "created_at": lambda p: format_time(p.created_at),
    "external_id": lambda p: p.external_id,
    "user_aliases": _aliases,
    "appboy_id": lambda p: p.braze_id,
    "braze_id": lambda p: p.braze_id,
    "first_name": _field("first_name"),
    "last_name": _field("last_name"),
    "random_bucket": lambda p: p.random_bucket,
    "email": _field("email"),
    "custom_attributes": lambda p: p.custom or None,
    "dob": _birth_date,
    "home_city": _field("home_city"),
    "country": _field("country"),
    "phone": _field("phone"),
    "language": _field("language"),
    "time_zone": _field("time_zone"),
    "last_coordinates": _coordinates,
    "gender": _field("gender"),
    "custom_events": _events,
    "purchases": _purchases,
    "total_revenue": lambda p: float(p.revenue),
    "push_subscribe": lambda p: p.fields.get("push_subscribe", "subscribed"),
    "email_subscribe": lambda p: p.fields.get("email_subscribe", "subscribed"),
    "push_tokens": _field("push_tokens"),
    "campaigns_received": _campaigns,
    "canvases_received": _canvases,
}
