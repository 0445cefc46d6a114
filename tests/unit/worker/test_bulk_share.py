"""What bulk batches may take of a worker's time."""

import pytest

from coterie.worker.bulk_share import CAUTIOUS_LIMIT, BulkShare

MOST = 2_000


def test_without_live_events_bulk_gets_everything() -> None:
    share = BulkShare(0.2)

    assert share.limit(MOST, live_waits=False, now=5.0) == MOST
    share.note_bulk(10.0)
    assert share.limit(MOST, live_waits=False, now=15.0) == MOST


def test_beside_a_light_flow_of_live_events_bulk_batches_are_short() -> None:
    share = BulkShare(0.2)
    share.note_live(0.01, now=5.0)

    assert share.limit(MOST, live_waits=False, now=5.1) == CAUTIOUS_LIMIT
    assert share.limit(100, live_waits=False, now=5.1) == 100
    assert share.limit(MOST, live_waits=False, now=7.0) == MOST


@pytest.mark.parametrize("part", [0.1, 0.2, 0.5])
def test_while_live_events_wait_bulk_gets_its_share_of_the_time(part: float) -> None:
    share = BulkShare(part)
    now, bulk = 0.0, 0.0

    for _ in range(1_000):
        now += 0.2
        share.note_live(0.2, now=now)
        if share.limit(MOST, live_waits=True, now=now):
            now += 0.03
            bulk += 0.03
            share.note_bulk(0.03)

    assert bulk / now <= part + 0.01
    assert bulk > 0


def test_time_that_was_not_used_is_not_saved_up() -> None:
    share = BulkShare(0.5)
    for second in range(100):
        share.note_live(1.0, now=float(second))
    taken = 0

    while share.limit(MOST, live_waits=True, now=99.5):
        share.note_bulk(0.1)
        taken += 1

    assert taken <= 6
