"""What /users/alias/new and /users/alias/update do."""

from typing import Any

import msgspec

from braze_sandbox.model.identifier import Identifier
from braze_sandbox.model.profile import Alias, Profile
from braze_sandbox.track.process import create_profile
from braze_sandbox.track.writing import Writing
from braze_sandbox.users.merging import join_aliases
from braze_sandbox.users.naming import read_alias
from braze_sandbox.users.requests import UserRequestError, as_text, read_objects, read_text


class NewAlias(msgspec.Struct, frozen=True):
    """An alias for the user with `external_id`, or for a user of its own."""

    alias: Alias
    external_id: str | None


class Renaming(msgspec.Struct, frozen=True):
    """A new name for an alias."""

    old: Alias
    new: Alias


def read_new_aliases(body: Any, *, limit: int) -> list[NewAlias]:
    """Return the aliases of a decoded /users/alias/new body; raise UserRequestError (400)."""
    return [_read_new(item) for item in read_objects(body, "user_aliases", limit=limit)]


def read_renamings(body: Any, *, limit: int) -> list[Renaming]:
    """Return the changes of a decoded /users/alias/update body; raise UserRequestError (400)."""
    renamings = []
    for item in read_objects(body, "alias_updates", limit=limit):
        label = read_text(item, "alias_label")
        old, new = read_text(item, "old_alias_name"), read_text(item, "new_alias_name")
        renamings.append(Renaming(Alias(label, old), Alias(label, new)))
    return renamings


def add_aliases(body: Any, writing: Writing) -> None:
    """Give users aliases; without external_id a user with nothing but the alias is made.

    An unknown external_id, an alias that is taken, a second alias of one label: nothing happens.
    """
    profiles = writing.workspace.profiles
    for new in read_new_aliases(body, limit=writing.settings.user_ids):
        if profiles.find_alias(new.alias) is not None:
            continue
        if new.external_id is None:
            identifier = Identifier("user_alias", new.alias, update_only=False)
            writing.workspace.put(create_profile(identifier, writing))
            continue
        profile = profiles.find_external(new.external_id)
        if profile is not None:
            _put_aliases(profile, join_aliases(profile.aliases, (new.alias,)), writing)


def rename_aliases(body: Any, writing: Writing) -> None:
    """Change the names of aliases; unknown and taken ones stay as they are."""
    profiles = writing.workspace.profiles
    for renaming in read_renamings(body, limit=writing.settings.user_ids):
        profile = profiles.find_alias(renaming.old)
        if profile is None or profiles.find_alias(renaming.new) is not None:
            continue
        changed = tuple(renaming.new if a == renaming.old else a for a in profile.aliases)
        _put_aliases(profile, changed, writing)


def _read_new(item: dict[str, Any]) -> NewAlias:
    # The documented form is flat; clients have also sent the alias as an object (recorded).
    alias = read_alias(item.get("user_alias", item))
    if alias is None:
        raise UserRequestError("each user alias needs an 'alias_name' and an 'alias_label'")
    return NewAlias(alias, as_text(item.get("external_id")) or None)


def _put_aliases(profile: Profile, aliases: tuple[Alias, ...], writing: Writing) -> None:
    writing.workspace.put(msgspec.structs.replace(profile, aliases=aliases, updated_at=writing.now))
