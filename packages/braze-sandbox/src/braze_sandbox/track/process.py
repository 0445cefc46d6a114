"""The processing of an accepted /users/track request."""

from collections.abc import Iterable

import msgspec

from braze_sandbox.model.identifier import Identifier
from braze_sandbox.model.profile import Alias, Profile
from braze_sandbox.track.attributes import apply_attributes, read_groups
from braze_sandbox.track.deeds import apply_event, apply_purchase
from braze_sandbox.track.identify import find_profile
from braze_sandbox.track.request import Accepted, TrackRequest
from braze_sandbox.track.writing import Writing


def process_track(request: TrackRequest, writing: Writing) -> None:
    """Apply attributes, then events, then purchases, to the workspace in memory.

    What is dropped without an error is noted in `writing`. The caller saves the workspace.
    """
    for accepted, profile in _users(request.attributes, writing):
        writing.workspace.put(apply_attributes(profile, accepted.item, writing))
        _spread_groups(accepted, writing)
    for accepted, profile in _users(request.events, writing):
        writing.workspace.put(apply_event(profile, accepted.item, writing))
    for accepted, profile in _users(request.purchases, writing):
        writing.workspace.put(apply_purchase(profile, accepted.item, writing))


def create_users(request: TrackRequest, writing: Writing, *, most: int | None = None) -> int:
    """Make the users that a request will create, without attributes; return how many.

    At most `most`, in the order in which they come.
    """
    created = 0
    for items in request.arrays():
        for accepted in items or ():
            identifier = accepted.identifier
            if created == most:
                return created
            if identifier.update_only or find_profile(writing.workspace.profiles, identifier):
                continue
            writing.workspace.put(create_profile(identifier, writing))
            created += 1
    return created


def _users(items: list[Accepted] | None, writing: Writing) -> Iterable[tuple[Accepted, Profile]]:
    for accepted in items or ():
        profile = _find_or_create(accepted.identifier, writing)
        if profile is not None:
            yield accepted, profile


def _find_or_create(identifier: Identifier, writing: Writing) -> Profile | None:
    """Return the user that an object means, created if that is asked for."""
    profile = find_profile(writing.workspace.profiles, identifier)
    if profile is not None:
        return profile
    if identifier.update_only:
        value = identifier.value
        label = f"{value.label}:{value.name}" if isinstance(value, Alias) else value
        writing.drop(label, "", "the user does not exist and may not be created")
        return None
    return create_profile(identifier, writing)


def create_profile(identifier: Identifier, writing: Writing) -> Profile:
    """Return a fresh user with one identifier; the caller puts it into the workspace."""
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
    if identifier.kind == "push_token":
        return blank
    return msgspec.structs.replace(blank, fields={identifier.kind: value})


def _spread_groups(accepted: Accepted, writing: Writing) -> None:
    """Give a subscription group's new state to every user with the same e-mail address."""
    groups = read_groups(accepted.item)
    if not groups:
        return
    profiles = writing.workspace.profiles
    profile = find_profile(profiles, accepted.identifier)
    if profile is None:
        return
    writing.joined += [(profile.braze_id, group, state) for group, state in groups.items()]
    email = profile.fields.get("email")
    for other in profiles.with_email(email) if email else ():
        joined = {**other.groups, **groups}
        writing.workspace.put(msgspec.structs.replace(other, groups=joined, updated_at=writing.now))
