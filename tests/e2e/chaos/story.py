"""What happens to audiences and purchases while a sender is tormented."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random

from coterie.flow.exports.claims import ClaimPlan
from coterie.flow.exports.queue import enqueue
from coterie.flow.exports.wishes import save_plan
from coterie.model.changes import ClaimChange
from coterie.model.delivery import NewQueueItem
from coterie.store import Store, StoreConflictError

AUDIENCES = ("vip", "new", "loyal", "at_risk", "lapsed", "big_spenders")


class Story:
    """Membership changes of users, and the truth that follows from them."""

    def __init__(self, chance: Random, *, users: int, changes: int, a_batch: int) -> None:
        self._chance = chance
        self._users = [f"user-{number:06}" for number in range(users)]
        self._changes = changes
        self._a_batch = a_batch
        self.truth: dict[str, set[str]] = defaultdict(set)

    def batches(self) -> Iterator[dict[str, frozenset[str]]]:
        """Yield what changes in one transaction of a worker: users with what holds them now."""
        left = self._changes
        while left:
            batch: dict[str, frozenset[str]] = {}
            for _ in range(min(left, self._a_batch)):
                user = self._chance.choice(self._users)
                self.truth[user] ^= {self._chance.choice(AUDIENCES)}
                batch[user] = frozenset(self.truth[user])
            left -= min(left, self._a_batch)
            yield batch


def claim(store: Store, account: int, destination: int, batch: dict[str, frozenset[str]]) -> None:
    """Write what a batch changes into the outbox, as a worker does."""
    claims = tuple(
        ClaimChange(
            destination=destination,
            recipient=user,
            profile_id=user,
            first_us=1,
            items=dict.fromkeys(sorted(names), True) if names else None,
            job_ids=(1,),
        )
        for user, names in sorted(batch.items())
    )
    while True:
        try:
            with store.transaction() as conn:
                save_plan(conn, account, ClaimPlan(claims, ()), now=datetime.now(UTC))
        except StoreConflictError:
            continue  # as a worker does, though it should be rare
        else:
            return


def buy(store: Store, account: int, destination: int, numbers: range, users: int) -> None:
    """Queue purchases, each with its number as its price."""
    items = [
        NewQueueItem(
            recipient=f"user-{number % users:06}",
            origin=f"order-{number}",
            body={
                "product_id": "cd",
                "currency": "USD",
                "price": float(number),
                "time": "2026-01-01T00:00:00Z",
            },
        )
        for number in numbers
    ]
    with store.transaction() as conn:
        enqueue(conn, destination, items, account=account, now=datetime.now(UTC))
