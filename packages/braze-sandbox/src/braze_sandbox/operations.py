"""The operations that change users, as they can wait in the queue."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import msgspec

from braze_sandbox.settings import Settings
from braze_sandbox.track.process import create_users, process_track
from braze_sandbox.track.request import TrackRequest, read_bulk, read_track
from braze_sandbox.track.writing import Writing
from braze_sandbox.users.aliases import add_aliases, rename_aliases
from braze_sandbox.users.cohorts import change_cohort
from braze_sandbox.users.delete import delete_users
from braze_sandbox.users.email_status import clear_spam, set_email_status
from braze_sandbox.users.external_ids import remove_external_ids, rename_external_ids
from braze_sandbox.users.identify import identify_users
from braze_sandbox.users.merge import merge_users
from braze_sandbox.users.subscriptions import set_subscriptions

Work: TypeAlias = Callable[[Writing], None]
Operation: TypeAlias = Callable[[Any, Writing], None]


class Job(msgspec.Struct, frozen=True):
    """One accepted request: the operation's name, which a restart finds it by, and the work."""

    kind: str
    work: Work


def _track(data: Any, writing: Writing) -> None:
    process_track(read_track(data, writing.settings), writing)


def _bulk(data: Any, writing: Writing) -> None:
    process_track(read_bulk(data, writing.settings), writing)


# Each reads a decoded body anew, and raises RefusedError if the settings have changed so that it
# would not be accepted any more.
OPERATIONS: dict[str, Operation] = {
    "track": _track,
    "track_bulk": _bulk,
    "alias_new": add_aliases,
    "alias_update": rename_aliases,
    "cohort_users": change_cohort,
    "delete": delete_users,
    "identify": identify_users,
    "merge": merge_users,
    "external_ids_rename": rename_external_ids,
    "external_ids_remove": remove_external_ids,
    "subscription_status": set_subscriptions,
    "email_status": set_email_status,
    "email_spam_remove": clear_spam,
}


# How the bodies are read that may create users.
_CREATING: dict[str, Callable[[Any, Settings], TrackRequest]] = {
    "track": read_track,
    "track_bulk": read_bulk,
}


def create_ahead(kind: str, data: Any, writing: Writing, *, most: int | None) -> int:
    """Make users of a decoded body that waits, without what it says of them; return how many."""
    read = _CREATING.get(kind)
    return create_users(read(data, writing.settings), writing, most=most) if read else 0


def make_job(kind: str, data: Any) -> Job:
    """Return the job that applies a decoded body."""
    return Job(kind, partial(OPERATIONS[kind], data))
