"""What partners do to cohorts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from braze_sandbox.model.cohort import Cohort
from braze_sandbox.model.profile import Profile
from braze_sandbox.store.profiles import Profiles
from braze_sandbox.times import parse_time
from braze_sandbox.track.writing import Writing
from braze_sandbox.users.naming import read_alias
from braze_sandbox.users.requests import UserRequestError, as_text

_MOST_IDS = 1000


class Device(msgspec.Struct, frozen=True):
    """A device, of which the sandbox knows those that came with a push token."""

    id: str


class CohortChange(msgspec.Struct, frozen=True):
    """Users to put into a cohort, or to take out."""

    profile_names: tuple[Any, ...]
    should_remove: bool


def read_cohort(body: Any, partner: str, *, now: datetime) -> Cohort:
    """Return the cohort that a decoded body names; raise UserRequestError (400)."""
    cohort_id = _read_id(body)
    name, created = body.get("name"), body.get("created_at")
    if not isinstance(name, str) or not name:
        raise UserRequestError("name must be a non-empty string")
    moment = now if created is None else parse_time(as_text(created))
    if moment is None:
        raise UserRequestError("created_at must be a valid time")
    return Cohort(id=f"{partner}/{cohort_id}", name=name, created_at=moment)


def read_cohort_changes(body: Any) -> tuple[str, list[CohortChange]]:
    """Return the cohort's id and its changes; raise UserRequestError (400)."""
    cohort_id = _read_id(body)
    changes = body.get("cohort_changes")
    if not isinstance(changes, list) or not all(isinstance(c, dict) for c in changes):
        raise UserRequestError("cohort_changes must be an array of objects")
    read = [_read_change(change) for change in changes]
    if sum(len(change.profile_names) for change in read) > _MOST_IDS:
        raise UserRequestError(
            "Only 1,000 user_ids, device_ids, and aliases are allowed per request"
        )
    return cohort_id, read


def change_cohort(body: Any, writing: Writing) -> None:
    """Put users into a cohort or take them out; unknown users are never created.

    `body` also holds `partner`, from the address of the request.
    """
    cohort_id, changes = read_cohort_changes(body)
    key = f"{body['partner']}/{cohort_id}"
    names = [name for change in changes for name in change.profile_names]
    has_devices = any(isinstance(name, Device) for name in names)
    owners = _owners(writing.workspace.profiles) if has_devices else {}
    for change in changes:
        for name in change.profile_names:
            profile = _find(writing.workspace.profiles, name, owners)
            if profile is not None:
                _apply(profile, key, writing, remove=change.should_remove)


def _apply(profile: Profile, key: str, writing: Writing, *, remove: bool) -> None:
    others = tuple(cohort for cohort in profile.cohorts if cohort != key)
    if not remove:
        # Braze bills the assignment, not the removal.
        writing.charge("cohort", key)
    cohorts = others if remove else (*others, key)
    writing.workspace.put(msgspec.structs.replace(profile, cohorts=cohorts, updated_at=writing.now))


def _read_id(body: Any) -> str:
    cohort_id = body.get("cohort_id") if isinstance(body, dict) else None
    if not isinstance(cohort_id, str) or not cohort_id:
        raise UserRequestError("cohort_id must be a valid string")
    return cohort_id


def _read_change(change: dict[str, Any]) -> CohortChange:
    lists = [change.get(name) or [] for name in ("user_ids", "device_ids", "aliases")]
    if not all(isinstance(items, list) for items in lists):
        raise UserRequestError("cohort_changes must be an array of objects")
    user_ids, device_ids, aliases = lists
    devices = (Device(as_text(each)) for each in device_ids)
    names = (*map(as_text, user_ids), *devices, *map(read_alias, aliases))
    return CohortChange(names, change.get("should_remove") is True)


def _owners(profiles: Profiles) -> dict[str, str]:
    """Return the braze_id of each device's user: whoever's push token named it last."""
    return {
        str(token["device_id"]): profile.braze_id
        for profile in profiles
        for token in profile.fields.get("push_tokens", ())
        if token.get("device_id")
    }


def _find(profiles: Profiles, name: Any, owners: Mapping[str, str]) -> Profile | None:
    if isinstance(name, Device):
        return profiles.find(owners.get(name.id, ""))
    if name is None:
        return None
    return profiles.find_external(name) if isinstance(name, str) else profiles.find_alias(name)
