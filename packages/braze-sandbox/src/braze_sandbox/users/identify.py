"""What /users/identify does."""

from typing import Any

import msgspec

from braze_sandbox.model.profile import Profile
from braze_sandbox.track.writing import Writing
from braze_sandbox.users.merging import join_aliases, merge_profiles
from braze_sandbox.users.naming import Name, find_named, read_alias, read_rules
from braze_sandbox.users.requests import UserRequestError, read_objects, read_text


class Identification(msgspec.Struct, frozen=True):
    """An anonymous user, by alias, e-mail or phone, with the external_id that it gets."""

    name: Name
    external_id: str


class Identifications(msgspec.Struct, frozen=True):
    """A checked /users/identify body; a list that was not sent is None."""

    aliases: list[Identification] | None
    emails: list[Identification] | None
    phones: list[Identification] | None
    merge: bool

    def answer(self) -> dict[str, Any]:
        """Return the answer: how many of each kind were taken, whether they exist or not."""
        counted = {
            "aliases_processed": self.aliases,
            "emails_processed": self.emails,
            "phone_numbers_processed": self.phones,
        }
        counts = {name: len(items) for name, items in counted.items() if items is not None}
        return {**counts, "message": "success"}


def read_identifications(body: Any, *, limit: int) -> Identifications:
    """Return the content of a decoded body; raise UserRequestError (400)."""
    behavior = body.get("merge_behavior", "merge") if isinstance(body, dict) else "merge"
    if behavior not in ("none", "merge"):
        raise UserRequestError("'merge_behavior' must be 'none' or 'merge'")
    lists = {
        kind: _read_kind(body, name, kind, limit)
        for kind, name in (
            ("user_alias", "aliases_to_identify"),
            ("email", "emails_to_identify"),
            ("phone", "phone_numbers_to_identify"),
        )
    }
    total = sum(len(items) for items in lists.values() if items is not None)
    if not total:
        raise UserRequestError(
            "'aliases_to_identify', 'emails_to_identify' or 'phone_numbers_to_identify' is required"
        )
    if total > limit:
        raise UserRequestError("The max number of ids per request was exceeded")
    return Identifications(
        lists["user_alias"], lists["email"], lists["phone"], merge=behavior == "merge"
    )


def identify_users(body: Any, writing: Writing) -> None:
    """Give anonymous users their external_id, or merge them into the user that has it."""
    request = read_identifications(body, limit=writing.settings.user_ids)
    for items in (request.aliases, request.emails, request.phones):
        for item in items or ():
            _identify(item, writing, merge=request.merge)


def _identify(item: Identification, writing: Writing, *, merge: bool) -> None:
    profiles = writing.workspace.profiles
    anonymous = find_named(profiles, item.name)
    # A user that has an external_id is identified already, so that there is nothing to do.
    if anonymous is None or anonymous.external_id is not None:
        return
    known = profiles.find_external(item.external_id)
    if known is None:
        named = msgspec.structs.replace(
            anonymous, external_id=item.external_id, updated_at=writing.now
        )
        writing.workspace.put(named)
        return
    absorb(known, anonymous, writing, merge=merge)


def absorb(known: Profile, gone: Profile, writing: Writing, *, merge: bool) -> None:
    """Merge `gone` into `known` and remove it; without `merge` only its aliases move."""
    if merge:
        joined = merge_profiles(known, gone, now=writing.now)
    else:
        aliases = join_aliases(known.aliases, gone.aliases)
        joined = msgspec.structs.replace(known, aliases=aliases, updated_at=writing.now)
    writing.workspace.remove(gone, heir=known if merge else None)
    writing.workspace.put(joined)


def _read_kind(body: Any, name: str, kind: str, limit: int) -> list[Identification] | None:
    if not isinstance(body, dict) or name not in body:
        return None
    items = read_objects(body, name, limit=limit)
    return [
        Identification(_read_name(item, kind), read_text(item, "external_id")) for item in items
    ]


def _read_name(item: dict[str, Any], kind: str) -> Name:
    if kind == "user_alias":
        alias = read_alias(item.get("user_alias"))
        if alias is None:
            raise UserRequestError("'user_alias' needs an 'alias_name' and an 'alias_label'")
        return Name("user_alias", alias)
    text = read_text(item, kind)
    rules = read_rules(item)
    if rules is None:
        raise UserRequestError(
            "'prioritization' must be an array of 'identified', 'unidentified', "
            "'most_recently_updated' or 'least_recently_updated'"
        )
    return Name("email", text, rules) if kind == "email" else Name("phone", text, rules)
