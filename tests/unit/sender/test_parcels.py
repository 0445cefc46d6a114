import pytest

from coterie.connectors.braze.connector import BrazeForms
from coterie.model.delivery import (
    DestinationPlan,
    Difference,
    Form,
    Load,
    OutboxRow,
    QueueItem,
    Shipment,
)
from coterie.sender.parcels import Packing, first_of_each_user, pack
from coterie.sender.window import Window


def plan(form: Form = "array") -> DestinationPlan:
    return DestinationPlan(
        id=1,
        account=1,
        authorization_id=1,
        form=form,
        attribute="seg",
        held=frozenset(),
        jobs=(),
    )


def shipment(number: int, *, attempts: int = 0, empty: bool = False) -> Shipment:
    row = OutboxRow(
        destination=1,
        recipient=f"u{number}",
        wanted={"vip": True},
        told={},
        in_doubt={},
        version=1,
        attempts=attempts,
    )
    return Shipment(row, Difference({} if empty else {"vip": True}, ()))


def packed(loads: list[Shipment], *, all_of_it: bool = True) -> Packing:
    return pack(plan(), loads, forms=BrazeForms(), all_of_it=all_of_it)


def test_parcels_are_full_but_the_last() -> None:
    packing = packed([shipment(number) for number in range(160)])

    assert [len(parcel.packed) for parcel in packing.parcels] == [75, 75, 10]


def test_what_does_not_fill_a_parcel_may_wait_for_more() -> None:
    packing = packed([shipment(number) for number in range(160)], all_of_it=False)

    assert [len(parcel.packed) for parcel in packing.parcels] == [75, 75]
    assert len(packing.rest) == 10


def test_what_need_not_be_told_takes_no_place() -> None:
    packing = packed([shipment(1, empty=True), shipment(2)])

    assert [len(parcel.packed) for parcel in packing.parcels] == [1]
    assert len(packing.idle) == 1


@pytest.mark.parametrize(("attempts", "size"), [(2, 20), (3, 10), (5, 10), (6, 1), (99, 1)])
def test_what_failed_again_and_again_goes_in_smaller_company(attempts: int, size: int) -> None:
    packing = packed([shipment(number, attempts=attempts) for number in range(20)])

    assert {len(parcel.packed) for parcel in packing.parcels} == {size}


def test_fresh_users_do_not_share_a_request_with_failing_ones() -> None:
    packing = packed([shipment(1), shipment(2, attempts=6), shipment(3)])

    names = [[one.object["external_id"] for one in parcel.packed] for parcel in packing.parcels]
    assert names == [["u1", "u3"], ["u2"]]


def item(number: int, recipient: str) -> QueueItem:
    return QueueItem(destination=1, id=number, recipient=recipient, body={}, attempts=0)


def test_two_events_of_a_user_are_never_under_way_in_two_requests() -> None:
    items = [item(1, "a"), item(2, "b"), item(3, "a"), item(4, "c")]

    chosen = first_of_each_user(items, most=2)

    assert [one.id for one in chosen] == [1, 2, 4]


def test_events_of_a_user_keep_their_order_within_a_request() -> None:
    items: list[Load] = [item(1, "a"), item(2, "b"), item(3, "a")]

    [parcel] = pack(plan("events"), items, forms=BrazeForms(), all_of_it=True).parcels

    assert [load.id for load in parcel.loads if isinstance(load, QueueItem)] == [1, 2, 3]


def test_the_window_doubles_a_round_trip_until_the_first_trouble() -> None:
    window = Window(most=32)
    for _ in range(4):
        window.widen()
    assert window.size == 8

    window.narrow()
    window.widen()

    assert window.size == 4


def test_the_window_never_closes_and_never_exceeds_its_bound() -> None:
    window = Window(most=8)
    for _ in range(100):
        window.widen()
    assert window.size == 8

    for _ in range(100):
        window.narrow()

    assert window.size == 1
