"""The processing of an accepted /users/track request."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from braze_sandbox.model.identifier import Identifier
from braze_sandbox.model.notice import Notice
from braze_sandbox.model.profile import Alias, Profile
from braze_sandbox.settings import Settings
from braze_sandbox.store.workspace import Workspace
from braze_sandbox.track.attributes import apply_attributes, read_groups
from braze_sandbox.track.deeds import apply_event, apply_purchase
from braze_sandbox.track.identify import find_profile
from braze_sandbox.track.request import Accepted, TrackRequest
from braze_sandbox.track.writing import Writing


def process_track(
    workspace: Workspace,
    request: TrackRequest,
    *,
    settings: Settings,
    now: datetime,
    key_name: str,
) -> list[Notice]:
    """Apply attributes, then events, then purchases, to `workspace` in memory.

    Return what was dropped without an error. The caller saves the workspace.
    """
    writing = Writing(workspace, settings=settings, now=now, key_name=key_name)
    for accepted, profile in _users(request.attributes, writing):
        workspace.put(apply_attributes(profile, accepted.item, writing))
        _spread_groups(accepted, writing)
    for accepted, profile in _users(request.events, writing):
        workspace.put(apply_event(profile, accepted.item, writing))
    for accepted, profile in _users(request.purchases, writing):
        workspace.put(apply_purchase(profile, accepted.item, writing))
    return writing.notices


def _users(items: list[Accepted] | None, writing: Writing) -> Iterable[tuple[Accepted, Profile]]:
    for accepted in items or ():
        profile = _find_or_create(accepted.identifier, writing)
        if profile is not None:
            yield accepted, profile


def _find_or_create(identifier: Identifier, writing: Writing) -> Profile | None:
    profile = find_profile(writing.workspace.profiles, identifier)
    if profile is not None:
        return profile
    if identifier.update_only:
        value = identifier.value
        label = f"{value.label}:{value.name}" if isinstance(value, Alias) else value
        writing.drop(label, "", "the user does not exist and may not be created")
        return None
    return _create(identifier, writing)


def _create(identifier: Identifier, writing: Writing) -> Profile:
    profiles, value = writing.workspace.profiles, identifier.value
    label = f"{value.label}\n{value.name}" if isinstance(value, Alias) else value
    braze_id, bucket = profiles.new_braze_id(f"{identifier.kind}\n{label}")
    blank = Profile(
        number=profiles.next_number(),
        braze_id=braze_id,
        random_bucket=bucket,
        created_at=writing.now,
        updated_at=writing.now,
    )
    if isinstance(value, Alias):
        return msgspec.structs.replace(blank, aliases=(value,))
    if identifier.kind == "external_id":
        return msgspec.structs.replace(blank, external_id=value)
    return msgspec.structs.replace(blank, fields={identifier.kind: value})


def _spread_groups(accepted: Accepted, writing: Writing) -> None:
    """Give a subscription group's new state to every user with the same e-mail address."""
    groups = read_groups(accepted.item)
    if not groups:
        return
    profiles = writing.workspace.profiles
    profile = find_profile(profiles, accepted.identifier)
    email = profile.fields.get("email") if profile else None
    for other in profiles.with_email(email) if email else ():
        joined = {**other.groups, **groups}
        writing.workspace.put(msgspec.structs.replace(other, groups=joined, updated_at=writing.now))
