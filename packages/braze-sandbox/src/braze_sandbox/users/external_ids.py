"""What /users/external_ids/rename and /users/external_ids/remove do."""

from typing import Any

import msgspec

from braze_sandbox.settings import Settings
from braze_sandbox.store.profiles import Profiles
from braze_sandbox.track.writing import Writing
from braze_sandbox.users.requests import as_text, read_list, read_objects, read_text


class Rename(msgspec.Struct, frozen=True):
    """A new external_id for a user; the old one is deprecated and still finds it."""

    current_external_id: str
    new_external_id: str


class Outcome(msgspec.Struct, frozen=True):
    """What can be done, with a sentence for each that cannot."""

    done: list[Any]
    errors: list[str]


def check_renames(body: Any, profiles: Profiles, settings: Settings) -> Outcome:
    """Return the renames that can be done; raise UserRequestError (400)."""
    done: list[Any] = []
    errors: list[str] = []
    for item in read_objects(body, "external_id_renames", limit=settings.user_ids):
        rename = Rename(read_text(item, "current_external_id"), read_text(item, "new_external_id"))
        problem = _find_rename_problem(rename, profiles, settings)
        if problem is None:
            done.append(rename)
        else:
            errors.append(problem)
    return Outcome(done, errors)


def rename_external_ids(body: Any, writing: Writing) -> None:
    """Rename what can be renamed now."""
    profiles = writing.workspace.profiles
    for rename in check_renames(body, profiles, writing.settings).done:
        profile = profiles.find_external(rename.current_external_id)
        if profile is None or profile.external_id == rename.new_external_id:
            continue
        old = profile.external_id
        deprecated = profile.deprecated_ids if old is None else (*profile.deprecated_ids, old)
        writing.workspace.put(
            msgspec.structs.replace(
                profile,
                external_id=rename.new_external_id,
                deprecated_ids=deprecated,
                updated_at=writing.now,
            )
        )


def check_removals(body: Any, profiles: Profiles, settings: Settings) -> Outcome:
    """Return the external_ids that can be removed; raise UserRequestError (400).

    Only deprecated ids can; one that nobody has counts as removed (recorded).
    """
    done: list[Any] = []
    errors: list[str] = []
    for item in read_list(body, "external_ids", limit=settings.user_ids):
        external_id = as_text(item)
        profile = profiles.find_external(external_id)
        if profile is not None and profile.external_id == external_id:
            errors.append(f"external_id '{external_id}' is in use, only deprecated ids go")
        else:
            done.append(external_id)
    return Outcome(done, errors)


def remove_external_ids(body: Any, writing: Writing) -> None:
    """Remove deprecated external_ids, so that they find nobody any more."""
    profiles = writing.workspace.profiles
    for external_id in check_removals(body, profiles, writing.settings).done:
        profile = profiles.find_external(external_id)
        if profile is None:
            continue
        left = tuple(other for other in profile.deprecated_ids if other != external_id)
        writing.workspace.put(
            msgspec.structs.replace(profile, deprecated_ids=left, updated_at=writing.now)
        )


def _find_rename_problem(rename: Rename, profiles: Profiles, settings: Settings) -> str | None:
    current, new = rename.current_external_id, rename.new_external_id
    profile = profiles.find_external(current)
    if profile is None:
        return f"external_id '{current}' was not found"
    if len(new.encode()) > settings.external_id_bytes:
        return f"new_external_id '{new[:20]}...' is too long"
    if profile.external_id == new:
        return None  # Recorded: the same rename twice succeeds twice.
    if profiles.find_external(new) is not None:
        return f"new_external_id '{new}' is already in use"
    return None
