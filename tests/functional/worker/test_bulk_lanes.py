"""What happens now does not wait behind a load of any size."""

from tests.functional.worker.conftest import Crew

from coterie.flow.eventlog.lanes import FIRST_BULK_LANE
from coterie.worker.bulk_share import CAUTIOUS_LIMIT

LOAD = 3 * CAUTIOUS_LIMIT


def cursor(crew: Crew, lane: int) -> int:
    with crew.store.transaction() as conn:
        row = conn.execute("SELECT cursor_seq FROM lane WHERE lane = %s", [lane]).fetchone()
    assert row is not None
    return int(row[0])


def test_live_events_overtake_a_load_and_the_load_goes_on_beside_them(crew: Crew) -> None:
    crew.send(*({"user_id": f"bulk{n}"} for n in range(LOAD)), lane=FIRST_BULK_LANE)
    worker = crew.hire()
    crew.send({"user_id": "first"})
    worker.turn()
    after_one_turn = cursor(crew, FIRST_BULK_LANE)

    crew.send({"user_id": "second"}, lane=1)
    worker.turn()

    assert crew.profile("user_id", "second")
    assert after_one_turn == CAUTIOUS_LIMIT
    assert cursor(crew, FIRST_BULK_LANE) == 2 * CAUTIOUS_LIMIT


def test_a_load_alone_is_taken_in_whole_batches(crew: Crew) -> None:
    crew.send(*({"user_id": f"bulk{n}"} for n in range(LOAD)), lane=FIRST_BULK_LANE)
    worker = crew.hire()

    worker.turn()

    assert cursor(crew, FIRST_BULK_LANE) == LOAD
    assert crew.profile("user_id", f"bulk{LOAD - 1}")
