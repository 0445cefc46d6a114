"""What /users/merge does."""

from typing import Any

import msgspec

from braze_sandbox.track.writing import Writing
from braze_sandbox.users.identify import absorb
from braze_sandbox.users.naming import Name, find_named, read_name
from braze_sandbox.users.requests import UserRequestError

_KEYS = {"identifier_to_merge", "identifier_to_keep"}


class MergeUpdate(msgspec.Struct, frozen=True):
    """One user that goes into another."""

    gone: Name
    keep: Name


def read_merges(body: Any, *, limit: int) -> list[MergeUpdate]:
    """Return the merges of a decoded body; raise UserRequestError (400) in Braze's words."""
    items = body.get("merge_updates") if isinstance(body, dict) else None
    if not isinstance(items, list) or not items or not all(isinstance(i, dict) for i in items):
        raise UserRequestError("'merge_updates' must be an array of objects")
    if len(items) > limit:
        message = f"a single request may not contain more than {limit} merge updates"
        raise UserRequestError(message)
    return [_read_update(item) for item in items]


def merge_users(body: Any, writing: Writing) -> None:
    """Merge users; where one of the two does not exist, or both are one, nothing happens."""
    profiles = writing.workspace.profiles
    for update in read_merges(body, limit=writing.settings.user_ids):
        gone, keep = find_named(profiles, update.gone), find_named(profiles, update.keep)
        if gone is not None and keep is not None and gone.braze_id != keep.braze_id:
            absorb(keep, gone, writing, merge=True)


def _read_update(item: dict[str, Any]) -> MergeUpdate:
    if item.keys() != _KEYS:
        raise UserRequestError(
            "'merge_updates' must only have 'identifier_to_merge' and 'identifier_to_keep'"
        )
    gone, keep = read_name(item["identifier_to_merge"]), read_name(item["identifier_to_keep"])
    if gone is None or keep is None:
        raise UserRequestError(
            "identifiers must be objects with an 'external_id' property that is a string, "
            "'user_alias' property that is an object, 'email' property that is a string, or "
            "'phone' property that is a string"
        )
    return MergeUpdate(gone, keep)
