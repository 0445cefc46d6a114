"""Packs what is due into parcels: one request each, as full as can be."""

from collections.abc import Hashable, Iterable, Sequence

import msgspec

from coterie.connectors.destination import Forms, Object, Target
from coterie.flow.exports.settle import recipients_of
from coterie.model.delivery import DestinationPlan, Load, QueueItem

CAREFUL_ATTEMPTS = 3
CAREFUL_SIZE = 10


class Packed(msgspec.Struct, frozen=True):
    """A load and the object that tells of it."""

    load: Load
    object: Object


class Parcel(msgspec.Struct, frozen=True):
    """Loads of one destination that leave in one request, and the users that they are for."""

    plan: DestinationPlan
    target: Target
    packed: tuple[Packed, ...]
    loads: tuple[Load, ...]
    users: frozenset[str]


class Packing(msgspec.Struct, frozen=True):
    """Parcels that may leave; what did not fill one; what need not be told.

    `has_unfilled`: one of the parcels had to leave before it was full.
    """

    parcels: list[Parcel]
    rest: list[Load]
    idle: list[Load]
    has_unfilled: bool = False


def pack(plan: DestinationPlan, loads: Sequence[Load], *, forms: Forms, all_of_it: bool) -> Packing:
    """Return the loads of a destination packed; with `all_of_it` the last parcel need not be full.

    A load that failed again and again goes in smaller company and at last alone, in case it is what
    makes the destination fail; those never wait for company.
    """
    target = forms.target(plan)
    idle: list[Load] = []
    by_size: dict[tuple[int, Hashable], list[Packed]] = {}
    for load in loads:
        made = forms.make_object(plan, load)
        if made is None:
            idle.append(load)
            continue
        size = _company(load, most=target.most)
        company = forms.company(plan, made)
        by_size.setdefault((size, company), []).append(Packed(load, made))
    parcels: list[Parcel] = []
    rest: list[Load] = []
    has_unfilled = False
    for (size, _), group in by_size.items():
        is_tired = size < target.most
        full = len(group) if all_of_it or is_tired else len(group) - len(group) % size
        parcels += [
            _parcel(plan, target, group[start : start + size]) for start in range(0, full, size)
        ]
        rest += [one.load for one in group[full:]]
        has_unfilled = has_unfilled or (not is_tired and full % size > 0)
    return Packing(parcels, rest, idle, has_unfilled)


def _parcel(plan: DestinationPlan, target: Target, group: Sequence[Packed]) -> Parcel:
    loads = tuple(one.load for one in group)
    return Parcel(plan, target, tuple(group), loads, frozenset(recipients_of(loads)))


def first_of_each_user(items: Iterable[QueueItem], *, most: int) -> list[QueueItem]:
    """Return the items that may be under way together, so that no user's order can be upset.

    Within one request order is kept; so a user's items leave in the parcel of the first of them, or
    wait.
    """
    chosen: list[QueueItem] = []
    parcel_of: dict[str, int] = {}
    for item in items:
        parcel = len(chosen) // most
        if parcel_of.setdefault(item.recipient, parcel) == parcel:
            chosen.append(item)
    return chosen


def _company(load: Load, *, most: int) -> int:
    attempts = load.attempts if isinstance(load, QueueItem) else load.row.attempts
    if attempts < CAREFUL_ATTEMPTS:
        return most
    return min(CAREFUL_SIZE, most) if attempts < 2 * CAREFUL_ATTEMPTS else 1
