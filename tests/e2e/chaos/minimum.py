"""How few requests could have done what a sender did.

Nobody can do with fewer than this: a request for every 75 **needed objects** of an attribute, and
the requests that were **lost**. Lost is a request that got no answer about its objects: refused for
its rate, failed, cut, timed out, or still under way when the sender was killed. An object of any
other request is needed if it changed what Braze held; or if Braze refused it, which nobody could
know before; or if it answers a doubt, since an object that was lost must be sent again whether it
was done or not, and once more when it can no longer be done late.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import msgspec

from braze_sandbox.journal import Entry

OBJECTS = 75


class Counted(msgspec.Struct, frozen=True):
    """What a sender sent, and what would have been enough."""

    requests: int
    lost: int
    needed_updates: Mapping[str, int]
    needed_purchases: int

    @property
    def minimum(self) -> int:
        """The fewest requests."""
        needed = (*self.needed_updates.values(), self.needed_purchases)
        return self.lost + sum(-(-objects // OBJECTS) for objects in needed)


Subject = tuple[str, str]
"""An attribute of a user."""


class Kill(msgspec.Struct, frozen=True):
    """A kill after the journal's entry `number`, with whom the requests under way told of."""

    number: int
    told: frozenset[Subject]


def count(
    entries: Iterable[Entry],
    kills: Iterable[Kill],
    *,
    attributes: Collection[str],
    late_ms: float,
) -> Counted:
    """Count the requests of a journal, given in its order."""
    held: dict[Subject, set[str]] = {}
    doubtful: set[Subject] = set()
    owed: set[Subject] = set()
    waiting = sorted(kills, key=lambda kill: kill.number)
    requests = lost = purchases = 0
    updates: Counter[str] = Counter()
    for entry in entries:
        requests += 1
        while waiting and waiting[0].number < entry.number:
            doubtful |= waiting.pop(0).told
        body = msgspec.json.decode(entry.request)
        objects = [
            (attribute, item["external_id"], item[attribute])
            for item in body.get("attributes", ())
            for attribute in attributes
            if attribute in item
        ]
        if entry.status != 201 or entry.milliseconds >= late_ms:
            lost += 1
            doubtful |= {(attribute, user) for attribute, user, _ in objects}
            continue
        refused = {
            error["index"] for error in msgspec.json.decode(entry.response).get("errors", ())
        }
        purchases += len(body.get("purchases", ()))
        for index, (attribute, user, change) in enumerate(objects):
            subject = (attribute, user)
            changed = index not in refused and _apply(held, subject, change)
            updates[attribute] += (
                changed or index in refused or subject in doubtful or subject in owed
            )
            if index in refused:
                continue
            if subject in doubtful:
                doubtful.discard(subject)
                owed.add(subject)
            elif not changed:
                owed.discard(subject)
    return Counted(requests, lost, updates, purchases)


def _apply(held: dict[Subject, set[str]], subject: Subject, change: Mapping[str, Any]) -> bool:
    before = held.get(subject, set())
    held[subject] = (before | set(change.get("add", ()))) - set(change.get("remove", ()))
    return held[subject] != before
