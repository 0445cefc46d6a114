import pytest

from coterie.model.delivery import Difference, OutboxRow, Shipment
from coterie.sender.batches import split_batches


def shipment(number: int, *, attempts: int = 0) -> Shipment:
    row = OutboxRow(
        destination=1,
        recipient=f"u{number}",
        wanted=frozenset({"vip"}),
        told=frozenset(),
        in_doubt=frozenset(),
        version=1,
        attempts=attempts,
    )
    return Shipment(row, Difference(("vip",), ()))


def test_batches_are_full_but_the_last() -> None:
    batches = split_batches("seg", [shipment(n) for n in range(160)], objects_per_request=75)

    assert [len(batch.shipments) for batch in batches] == [75, 75, 10]


@pytest.mark.parametrize(("attempts", "size"), [(2, 20), (3, 10), (5, 10), (6, 1), (99, 1)])
def test_what_failed_again_and_again_goes_in_smaller_company(attempts: int, size: int) -> None:
    tired = [shipment(n, attempts=attempts) for n in range(20)]

    batches = split_batches("seg", tired, objects_per_request=75)

    assert {len(batch.shipments) for batch in batches} == {size}


def test_fresh_users_do_not_share_a_request_with_failing_ones() -> None:
    mixed = [shipment(1), shipment(2, attempts=6), shipment(3)]

    batches = split_batches("seg", mixed, objects_per_request=75)

    names = [[each.row.recipient for each in batch.shipments] for batch in batches]
    assert names == [["u1", "u3"], ["u2"]]
