"""What the endpoints under /email do."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec

from braze_sandbox.model.profile import Profile
from braze_sandbox.store.profiles import Profiles
from braze_sandbox.times import parse_time
from braze_sandbox.track.writing import Writing
from braze_sandbox.users.requests import UserRequestError, as_text

_STATES = ("subscribed", "unsubscribed", "opted_in")
_STAMP = "email_subscribe.unsubscribed"


class EmailStatus(msgspec.Struct, frozen=True):
    """A new subscription state for all users with some e-mail addresses."""

    emails: list[str]
    state: str


def read_email_status(body: Any, *, limit: int) -> EmailStatus:
    """Return the content of a decoded /email/status body; raise UserRequestError (400)."""
    emails = read_emails(body, limit=limit)
    state = body.get("subscription_state")
    if state not in _STATES:
        raise UserRequestError(
            "'subscription_state' must be 'subscribed', 'unsubscribed' or 'opted_in'"
        )
    return EmailStatus(emails, state)


def read_emails(body: Any, *, limit: int) -> list[str]:
    """Return `email`, one or an array of addresses; raise UserRequestError (400)."""
    value = body.get("email") if isinstance(body, dict) else None
    emails = [as_text(item) for item in (value if isinstance(value, list) else [value])]
    if not all(emails):
        raise UserRequestError("'email' must be an e-mail address or an array of them")
    if len(emails) > limit:
        raise UserRequestError("The max number of ids per request was exceeded")
    return emails


def set_email_status(body: Any, writing: Writing) -> None:
    """Set the e-mail subscription of every user with an address; unknown ones pass."""
    status = read_email_status(body, limit=writing.settings.user_ids)
    for profile in _holders(writing.workspace.profiles, status.emails):
        writing.workspace.put(
            msgspec.structs.replace(
                profile,
                fields={**profile.fields, "email_subscribe": status.state},
                stamps={**profile.stamps, f"email_subscribe.{status.state}": writing.now},
                updated_at=writing.now,
            )
        )
        writing.joined.append((profile.braze_id, None, status.state))


def clear_spam(body: Any, writing: Writing) -> None:
    """Take users off the spam list."""
    emails = read_emails(body, limit=writing.settings.user_ids)
    for profile in _holders(writing.workspace.profiles, emails):
        fields = {n: v for n, v in profile.fields.items() if n != "marked_email_as_spam_at"}
        writing.workspace.put(
            msgspec.structs.replace(profile, fields=fields, updated_at=writing.now)
        )


def list_unsubscribed(
    profiles: Profiles, *, start: str, end: str
) -> Iterator[tuple[str, datetime]]:
    """Yield address and moment of who is unsubscribed since a day between `start` and `end`.

    Both days are inclusive, in UTC; raise UserRequestError (400) if one is no date.
    """
    first, last = parse_time(start), parse_time(end)
    if first is None or last is None:
        raise UserRequestError("'start_date' and 'end_date' must be dates like 2026-01-31")
    for profile in profiles:
        moment = profile.stamps.get(_STAMP)
        email = profile.fields.get("email")
        if moment is None or not email or profile.fields["email_subscribe"] != "unsubscribed":
            continue
        if first <= moment < last + timedelta(days=1):
            yield email, moment


def _holders(profiles: Profiles, emails: list[str]) -> Iterator[Profile]:
    for email in emails:
        yield from profiles.with_email(email)
