"""What Braze's cohort import wants to be told: who is put into a cohort, and who is taken out.

Source: Braze's partner docs, "Cohort import".
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from coterie.model.delivery import Difference

# The path names the partner too; this part is the same for all.
COHORT_USERS = "/cohorts/users"
COHORTS = "/cohorts"
# "Only 1,000 user_ids, device_ids, and aliases are allowed per request".
IDS_AT_ONCE = 1000
# Docs of API limits: 250,000 requests an hour.
COHORT_REQUESTS_PER_MINUTE = 250_000 // 60

Assignment = dict[str, Any]
"""One user in or out of one cohort."""


class CohortAccess(msgspec.Struct, frozen=True):
    """What lets a partner import cohorts: its name and key, and the workspace's data import key."""

    partner: str
    partner_key: str
    import_key: str

    def __repr__(self) -> str:
        """Return the access without the keys."""
        return f"CohortAccess(partner={self.partner!r})"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must reach no log and no page."""
        return self.partner_key, self.import_key

    @property
    def keys(self) -> dict[str, str]:
        """The part of a body that opens the door."""
        return {"partner_api_key": self.partner_key, "client_secret": self.import_key}

    def path(self, rest: str) -> str:
        """Return the path of one of the partner's endpoints."""
        return f"/partners/{self.partner}{rest}"


def make_assignment(user: Assignment, difference: Difference) -> Assignment:
    """Return what is told of the first item of a difference, which is not empty."""
    key = min(difference.keys)
    return {"cohort_id": key, **user, "should_remove": key not in difference.put}


def cohort_of(made: Assignment) -> str:
    """Return the cohort that an assignment concerns."""
    return str(made["cohort_id"])


def write_changes(made: Sequence[Assignment]) -> dict[str, Any]:
    """Return the body, without keys, that makes assignments of one cohort."""
    changes = []
    for should_remove in (False, True):
        users = [each for each in made if each["should_remove"] is should_remove]
        user_ids = [each["external_id"] for each in users if "external_id" in each]
        aliases = [each["user_alias"] for each in users if "user_alias" in each]
        device_ids = [each["device_id"] for each in users if "device_id" in each]
        change: dict[str, Any] = {}
        if user_ids:
            change["user_ids"] = user_ids
        if device_ids:
            change["device_ids"] = device_ids
        if aliases:
            change["aliases"] = aliases
        if change:
            changes.append({**change, "should_remove": should_remove})
    return {"cohort_id": cohort_of(made[0]), "cohort_changes": changes}
