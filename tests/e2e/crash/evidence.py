"""What was said of a user on the way to Braze, for a reader who asks why Braze is wrong."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from tests.e2e.crash.shop import ATTRIBUTE

from braze_sandbox.testing import RunningSandbox
from coterie.app.services import Services

MOST_REQUESTS = 10_000
OUTBOX = """
SELECT recipient, row_to_json(o)::text FROM outbox o WHERE recipient = ANY(%s)
"""


def explain_users(
    services: Services, sandbox: RunningSandbox, users: Iterable[str]
) -> Mapping[str, list[str]]:
    """Return of each user the outbox row, then each request that named the user, oldest first."""
    told: dict[str, list[str]] = {user: [] for user in users}
    with services.store.transaction() as conn:
        for recipient, row in conn.execute(OUTBOX, (list(told),)):
            told[recipient].append(row)
    for entry in reversed(sandbox.requests("/users/track", limit=MOST_REQUESTS)):
        for user in msgspec.json.decode(entry["request"])["attributes"]:
            if user["external_id"] in told:
                told[user["external_id"]].append(_line(entry, user))
    return told


def _line(entry: Mapping[str, Any], user: Mapping[str, Any]) -> str:
    return (
        f"{entry['at']} request {entry['number']} answered {entry['status']} "
        f"in {entry['milliseconds']} ms: {user.get(ATTRIBUTE)}"
    )
