"""What must be sent so that a destination holds what is wanted."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import msgspec

from coterie.model.delivery import (
    Acknowledged,
    DeliveryCount,
    DestinationPlan,
    Difference,
    Load,
    OutboxRow,
    Postponed,
    QueueItem,
    Refused,
    Settlement,
    Shipment,
)

BACK_OFF_BASE = 1.0
BACK_OFF_LIMIT = 900.0


def difference(
    row: OutboxRow,
    *,
    held: frozenset[str],
    kept: frozenset[str] = frozenset(),
    is_whole: bool = False,
) -> Difference:
    """Return what to put and to drop; keys in `held` are left as they are.

    An item in doubt never cancels out: whether it is there is unknown, so it is sent again in the
    state that is wanted now. Keys in `kept` are put, and never dropped. What is uncertain is told
    once more whatever the ledger says; with `is_whole` all the rest that is wanted comes along,
    because it costs nothing.
    """
    if row.uncertain:
        return _once_more(row, held=held, kept=kept, is_whole=is_whole)
    wanted, told, doubt = row.wanted, row.told, row.in_doubt
    if not told and not doubt and not held:
        return Difference(wanted, ())
    put = {
        key: value
        for key, value in wanted.items()
        if key in doubt or key not in told or told[key].value != value
    }
    drop = [key for key in told if key not in wanted]
    if doubt:
        drop += [key for key in doubt if key not in wanted and key not in told]
    stays = held | kept
    if held.isdisjoint(put) and stays.isdisjoint(drop):
        return Difference(put, tuple(sorted(drop)))
    free = {key: value for key, value in put.items() if key not in held}
    return Difference(free, tuple(sorted(set(drop) - stays)), is_held=True)


def _once_more(
    row: OutboxRow, *, held: frozenset[str], kept: frozenset[str], is_whole: bool
) -> Difference:
    news = difference(msgspec.structs.replace(row, uncertain=()), held=held, kept=kept)
    uncertain = frozenset(row.uncertain)
    free = (row.wanted.keys() if is_whole else row.wanted.keys() & uncertain) - held
    put = {key: value for key, value in row.wanted.items() if key in news.put or key in free}
    gone = uncertain - row.wanted.keys()
    drop = tuple(sorted({*news.drop, *(gone - held - kept)}))
    left = tuple(sorted((uncertain & held) | (gone & kept)))
    return Difference(
        put,
        drop,
        is_held=news.is_held or bool(left),
        again=frozenset((*put, *drop)) - frozenset(news.keys),
        left=left,
    )


def one_item_each(shipments: Sequence[Shipment]) -> list[Shipment]:
    """Return of each shipment the part that tells of one item: that which most of them tell of.

    So users of one item come together in as few requests as can be.
    """
    common = Counter(key for one in shipments for key in one.difference.keys)
    found = []
    for one in shipments:
        keys = one.difference.keys
        if len(keys) < 2:
            found.append(one)
        else:
            chosen = max(keys, key=lambda key: (common[key], key))
            found.append(Shipment(one.row, _part(one, chosen)))
    return found


def _part(shipment: Shipment, key: str) -> Difference:
    whole, others = shipment.difference, frozenset(shipment.row.uncertain) - {key}
    is_put = key in whole.put
    return Difference(
        {key: whole.put[key]} if is_put else {},
        () if is_put else (key,),
        is_held=whole.is_held,
        again=whole.again & {key},
        left=tuple(sorted({*whole.left, *others.intersection(whole.keys)})),
        has_more=True,
    )


def plan_shipments(
    rows: Iterable[OutboxRow],
    *,
    held: frozenset[str],
    kept: frozenset[str] = frozenset(),
    is_whole: bool = False,
    one_item: bool = False,
) -> list[Shipment]:
    """Return a shipment for each row, in the same order; a difference may be empty.

    With `one_item` each tells of one item, and the row stays due for the others.
    """
    shipments = [
        Shipment(row, difference(row, held=held, kept=kept, is_whole=is_whole)) for row in rows
    ]
    return one_item_each(shipments) if one_item else shipments


def back_off_seconds(attempts: int, *, chance: float) -> float:
    """Return how long to wait after `attempts` failures: doubling from 1 s to 15 minutes.

    `chance` in [0, 1) spreads the answer over the upper half of the interval, so that many
    requests that failed together do not all come back together.
    """
    ceiling = min(BACK_OFF_LIMIT, BACK_OFF_BASE * 2.0 ** min(attempts, 30))
    return ceiling * (0.5 + chance / 2)


def count_delivery(
    plan: DestinationPlan,
    settlements: Sequence[Settlement],
    *,
    requests: int,
    points_of: Callable[[DestinationPlan, Load], int],
    told_of: Callable[[DestinationPlan, Load], tuple[int, int]],
) -> DeliveryCount:
    """Return what was added, removed, refused and spent; `points_of` says what a load spends.

    `told_of` says how many items of a load were put at the destination, and how many taken away.
    """
    added = removed = refused = points = saved = doubtful = again = taken = 0
    for settlement in settlements:
        load, verdict = settlement.load, settlement.verdict
        if isinstance(verdict, Refused):
            refused += 1
        elif isinstance(verdict, Postponed):
            doubtful += verdict.is_doubtful and isinstance(load, QueueItem)
        else:
            put, dropped = told_of(plan, load)
            added += put
            removed += dropped
            points += points_of(plan, load)
            if isinstance(load, QueueItem):
                taken += 1
                continue
            # What cancelled out before it left took no place in a request.
            is_told = not load.difference.is_empty
            taken += is_told
            # Each version is a change that an exporter without memory would have written.
            changes = load.row.version - abs(load.row.told_version)
            saved += max(0, changes - is_told)
            # Of several parts the last counts, so that a user counts once.
            again += bool(load.row.uncertain) and not load.difference.has_more
    return DeliveryCount(
        added=added,
        removed=removed,
        refused=refused,
        requests=requests,
        data_points=points,
        data_points_saved=saved,
        doubtful=doubtful,
        told_again=again,
        taken=taken,
    )


def is_acknowledged(settlement: Settlement) -> bool:
    """Answer whether the destination took the load."""
    return isinstance(settlement.verdict, Acknowledged)
