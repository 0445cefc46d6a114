"""What the endpoints under /subscription do."""

from typing import Any
from uuid import UUID

import msgspec

from braze_sandbox.errors import RefusedError
from braze_sandbox.model.profile import Profile
from braze_sandbox.model.subscription import SubscriptionGroup
from braze_sandbox.store.profiles import Profiles
from braze_sandbox.store.workspace import Workspace
from braze_sandbox.track.writing import Writing
from braze_sandbox.users.requests import UserRequestError, as_text, read_objects

_STATES = ("subscribed", "unsubscribed")
_SHOWN = {"subscribed": "Subscribed", "unsubscribed": "Unsubscribed"}
_NAMES = (
    ("external_id", "external_ids"),
    ("email", "emails"),
    ("phone", "phones"),
)


class InvalidGroupError(RefusedError):
    """No subscription group has this id; recorded."""

    def __init__(self) -> None:
        super().__init__(400, "Invalid subscription group ID")


class EmailAndPhoneError(RefusedError):
    """Both an e-mail address and a phone number were given; documented."""

    def __init__(self) -> None:
        super().__init__(
            400, "Either an email address or a phone number should be provided, but not both."
        )


class StatusChange(msgspec.Struct, frozen=True):
    """The new state of some users in one group."""

    group_id: str
    state: str
    external_ids: tuple[str, ...]
    emails: tuple[str, ...]
    phones: tuple[str, ...]

    def size(self) -> int:
        """Return how many identifiers are named."""
        return len(self.external_ids) + len(self.emails) + len(self.phones)


def is_group(workspace: Workspace, group_id: Any) -> bool:
    """Tell whether a subscription group exists.

    In a workspace that defines none, every UUID is one: a first test needs no set-up.
    """
    known = workspace.shelf(SubscriptionGroup)
    if known:
        return group_id in known
    try:
        UUID(group_id)
    except (ValueError, TypeError, AttributeError):
        return False
    return True


def read_changes(body: Any, workspace: Workspace, *, limit: int) -> list[StatusChange]:
    """Return the changes of a decoded body of either version.

    Raise InvalidGroupError, EmailAndPhoneError or UserRequestError (400).
    """
    if isinstance(body, dict) and "subscription_groups" in body:
        items = read_objects(body, "subscription_groups", limit=limit)
    else:
        items = [body] if isinstance(body, dict) else []
    changes = [_read_change(item, workspace) for item in items]
    if not changes:
        raise InvalidGroupError
    if sum(change.size() for change in changes) > limit:
        raise UserRequestError("The max number of ids per request was exceeded")
    return changes


def set_subscriptions(body: Any, writing: Writing) -> None:
    """Set the state of users in groups; an e-mail or a phone means every user that has it."""
    workspace = writing.workspace
    for change in read_changes(body, workspace, limit=writing.settings.user_ids):
        for profile in _members(workspace.profiles, change):
            joined = {**profile.groups, change.group_id: change.state}
            workspace.put(msgspec.structs.replace(profile, groups=joined, updated_at=writing.now))
            writing.joined.append((profile.braze_id, change.group_id, change.state))


def show_status(workspace: Workspace, group_id: str, query: dict[str, list[str]]) -> dict[str, str]:
    """Return the state of each named user in a group, in Braze's words.

    `query` holds `external_id`, `email` or `phone`. Raise InvalidGroupError, EmailAndPhoneError or
    UserRequestError (400).
    """
    if not is_group(workspace, group_id):
        raise InvalidGroupError
    shown: dict[str, str] = {}
    for identifier, found in find_queried(workspace.profiles, query):
        states = [p.groups[group_id] for p in found if group_id in p.groups]
        shown[identifier] = _SHOWN[states[0]] if states else "unknown"
    return shown


def show_users(workspace: Workspace, query: dict[str, list[str]]) -> list[dict[str, Any]]:
    """Return the users that a query names, with all their groups; raise as `show_status`."""
    groups = workspace.shelf(SubscriptionGroup)
    return [
        {
            "email": profile.fields.get("email"),
            "phone": profile.fields.get("phone"),
            "external_id": profile.external_id,
            "subscription_groups": [
                {
                    "id": group_id,
                    "name": groups[group_id].name if group_id in groups else group_id,
                    "channel": groups[group_id].channel if group_id in groups else "email",
                    "status": _SHOWN[state],
                }
                for group_id, state in profile.groups.items()
            ],
        }
        for _, found in find_queried(workspace.profiles, query)
        for profile in found
    ]


def find_queried(
    profiles: Profiles, query: dict[str, list[str]]
) -> list[tuple[str, list[Profile]]]:
    """Return each identifier of a query with the users that have it."""
    if query.get("email") and query.get("phone"):
        raise EmailAndPhoneError
    external = [(i, _present(profiles.find_external(i))) for i in query.get("external_id", ())]
    by_email = [(i, profiles.with_email(i)) for i in query.get("email", ())]
    by_phone = [(i, profiles.with_phone(i)) for i in query.get("phone", ())]
    found = [*external, *by_email, *by_phone]
    if not found:
        raise UserRequestError("'external_id', 'email' or 'phone' is required")
    return found


def _read_change(item: dict[str, Any], workspace: Workspace) -> StatusChange:
    group_id, state = item.get("subscription_group_id"), item.get("subscription_state")
    if not is_group(workspace, group_id):
        raise InvalidGroupError
    if state not in _STATES:
        raise UserRequestError("'subscription_state' must be 'subscribed' or 'unsubscribed'")
    named = {one: _read_texts(item.get(one, item.get(many))) for one, many in _NAMES}
    if named["email"] and named["phone"]:
        raise EmailAndPhoneError
    change = StatusChange(
        str(group_id), str(state), named["external_id"], named["email"], named["phone"]
    )
    if not change.size():
        raise UserRequestError("'external_id', 'email' or 'phone' is required")
    return change


def _read_texts(value: Any) -> tuple[str, ...]:
    items = value if isinstance(value, list) else [value]
    return tuple(text for text in map(as_text, items) if text)


def _members(profiles: Profiles, change: StatusChange) -> list[Profile]:
    found = [p for i in change.external_ids for p in _present(profiles.find_external(i))]
    found += [p for email in change.emails for p in profiles.with_email(email)]
    found += [p for phone in change.phones for p in profiles.with_phone(phone)]
    return found


def _present(profile: Profile | None) -> list[Profile]:
    return [] if profile is None else [profile]
