"""What must be sent so that a destination holds what is wanted."""

from collections.abc import Iterable, Sequence

from coterie.model.delivery import (
    Acknowledged,
    DeliveryCount,
    Difference,
    OutboxRow,
    Refused,
    Settlement,
    Shipment,
)

BACK_OFF_BASE = 1.0
BACK_OFF_LIMIT = 900.0


def difference(row: OutboxRow, *, held: frozenset[str]) -> Difference:
    """Return what to add and to remove; values in `held` are left as they are.

    A value in doubt never cancels out: whether it is there is unknown, so it is sent again in the
    state that is wanted now.
    """
    add = (row.wanted - row.told) | (row.wanted & row.in_doubt)
    remove = (row.told | row.in_doubt) - row.wanted
    return Difference(tuple(sorted(add - held)), tuple(sorted(remove - held)))


def plan_shipments(rows: Iterable[OutboxRow], *, held: frozenset[str]) -> list[Shipment]:
    """Return a shipment for each row, in the same order; a difference may be empty."""
    return [Shipment(row, difference(row, held=held)) for row in rows]


def back_off_seconds(attempts: int, *, chance: float) -> float:
    """Return how long to wait after `attempts` failures: doubling from 1 s to 15 minutes.

    `chance` in [0, 1) spreads the answer over the upper half of the interval, so that many rows
    that failed together do not all come back together.
    """
    ceiling = min(BACK_OFF_LIMIT, BACK_OFF_BASE * 2.0 ** min(attempts, 30))
    return ceiling * (0.5 + chance / 2)


def count_delivery(settlements: Sequence[Settlement], *, requests: int) -> DeliveryCount:
    """Return how many values were added and removed, and how many users were refused."""
    acknowledged = [
        settlement.shipment.difference
        for settlement in settlements
        if isinstance(settlement.verdict, Acknowledged)
    ]
    return DeliveryCount(
        added=sum(len(sent.add) for sent in acknowledged),
        removed=sum(len(sent.remove) for sent in acknowledged),
        refused=sum(isinstance(settlement.verdict, Refused) for settlement in settlements),
        requests=requests,
    )
