import pytest
from tests.functional.worker.conftest import Crew

from coterie.app.services import config_source
from coterie.flow.identity.owners import StaleReadError, save_owners
from coterie.flow.run.generations import enter_live_generation
from coterie.model.config import PipelineConfig
from coterie.store import Connection, StoreConflictError


class Conflicts:
    """The configuration's source, in which a deadlock strikes so many times."""

    def __init__(self, times: int) -> None:
        self.left = times
        self._source = config_source()

    def __call__(self, conn: Connection) -> PipelineConfig:
        if self.left > 0:
            self.left -= 1
            raise StoreConflictError(reason="DeadlockDetected")
        return self._source(conn)


def test_conflicts_halve_the_batch_and_successes_double_it(crew: Crew) -> None:
    conflicts = Conflicts(3)
    worker = crew.hire(limit=16, config_at=conflicts)
    crew.send(*({"user_id": f"u{number}"} for number in range(40)))

    sizes = [worker.process(0).events for _ in range(8)]

    assert sizes == [0, 0, 0, 2, 4, 8, 16, 10]


def test_a_conflict_never_sets_an_event_aside(crew: Crew) -> None:
    conflicts = Conflicts(50)
    worker = crew.hire(limit=16, config_at=conflicts)
    crew.send({"user_id": "u1"})

    sizes = [worker.process(0).events for _ in range(51)]

    assert sizes == [0] * 50 + [1]
    assert crew.outcomes() == {}


def test_conflicts_in_one_lane_leave_the_batches_of_others_as_they_are(crew: Crew) -> None:
    conflicts = Conflicts(0)
    worker = crew.hire(limit=16, config_at=conflicts)
    for lane in (0, 1):
        crew.send(*({"user_id": f"u{lane}-{number}"} for number in range(16)), lane=lane)

    conflicts.left = 4
    slowed = [worker.process(0).events for _ in range(5)]
    other = worker.process(1).events

    assert slowed == [0, 0, 0, 0, 1]
    assert other == 16


def test_an_identifier_that_another_worker_took_meanwhile_lets_the_batch_run_again(
    crew: Crew,
) -> None:
    crew.send({"user_id": "u1"})
    crew.work_hard()
    taken = {("user_id", "u0"): "a" * 32, ("user_id", "u1"): "a" * 32}

    def take() -> None:
        with crew.store.transaction() as conn:
            enter_live_generation(conn)
            save_owners(conn, crew.account.number, taken, {})

    with pytest.raises(StaleReadError):
        take()

    assert crew.ask("SELECT value FROM g1.identity WHERE field = 'user_id'") == [("u1",)]
