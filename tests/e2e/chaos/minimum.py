"""How few requests could have done what a sender did.

Nobody can do with fewer than this: a request for every 75 **needed objects**, and the requests that
were **lost**. Lost is a request that got no answer about its objects: refused for its rate, failed,
cut, timed out, or still under way when the sender was killed. An object of any other request is
needed if it changed what Braze held; or if Braze refused it, which nobody could know before; or if
it answers a doubt, since an object that was lost must be sent again whether it was done or not, and
once more when it can no longer be done late.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from braze_sandbox.journal import Entry

OBJECTS = 75


class Counted(msgspec.Struct, frozen=True):
    """What a sender sent, and what would have been enough."""

    requests: int
    lost: int
    needed_updates: int
    needed_purchases: int

    @property
    def minimum(self) -> int:
        """The fewest requests."""
        full = -(-self.needed_updates // OBJECTS) + -(-self.needed_purchases // OBJECTS)
        return self.lost + full


class Kill(msgspec.Struct, frozen=True):
    """A kill after the journal's entry `number`, with the users of the requests under way."""

    number: int
    users: frozenset[str]


def count(
    entries: Iterable[Entry], kills: Iterable[Kill], *, attribute: str, late_ms: float
) -> Counted:
    """Count the requests of a journal, given in its order."""
    held: dict[str, set[str]] = {}
    doubtful: set[str] = set()
    owed: set[str] = set()
    waiting = sorted(kills, key=lambda kill: kill.number)
    requests = lost = updates = purchases = 0
    for entry in entries:
        requests += 1
        while waiting and waiting[0].number < entry.number:
            doubtful |= waiting.pop(0).users
        body = msgspec.json.decode(entry.request)
        if entry.status != 201 or entry.milliseconds >= late_ms:
            lost += 1
            doubtful |= {item["external_id"] for item in body.get("attributes", ())}
            continue
        refused = {
            error["index"] for error in msgspec.json.decode(entry.response).get("errors", ())
        }
        purchases += len(body.get("purchases", ()))
        for index, item in enumerate(body.get("attributes", ())):
            user = item["external_id"]
            changed = index not in refused and _apply(held, user, item[attribute])
            updates += changed or index in refused or user in doubtful or user in owed
            if index in refused:
                continue
            if user in doubtful:
                doubtful.discard(user)
                owed.add(user)
            elif not changed:
                owed.discard(user)
    return Counted(requests, lost, updates, purchases)


def _apply(held: dict[str, set[str]], user: str, change: Mapping[str, Any]) -> bool:
    before = held.get(user, set())
    held[user] = (before | set(change.get("add", ()))) - set(change.get("remove", ()))
    return held[user] != before
