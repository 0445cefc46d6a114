from collections.abc import Callable
from datetime import timedelta

import pytest
from tests.functional.flow.conftest import ACTOR
from tests.functional.worker.conftest import Crew

from coterie.control.jobs import get_job, kill_job, pause_job, resume_job
from coterie.flow.exports.wishes import StaleOutboxError
from coterie.model.control import Job
from coterie.worker.dependencies import Bench
from coterie.worker.jobs import run_due_job
from coterie.worker.runners.export import PROFILES_A_RANGE, run_export

PEOPLE = 2 * PROFILES_A_RANGE + 500
Steer = Callable[[], object]


class StopSign:
    """Read before every range: does something at the n-th look, and says stop if told to."""

    def __init__(self, at: int, act: Steer = lambda: None, *, stops: bool = False) -> None:
        self._looks = 0
        self._at = at
        self._act = act
        self._stops = stops

    def __call__(self) -> bool:
        self._looks += 1
        if self._looks == self._at:
            self._act()
        return self._stops and self._looks >= self._at


@pytest.fixture
def crowd(crew: Crew) -> Crew:
    """Enough members for three ranges, and an export that waits to be started."""
    crew.audience("everyone", "FILTER EXISTS user_id")
    crew.build()
    crew.send(*({"user_id": f"u{number}"} for number in range(PEOPLE)))
    crew.work_hard()
    crew.export("everyone")
    return crew


def run(crew: Crew, sign: Callable[[], bool] = lambda: False) -> bool:
    """Run the job as another process does."""
    with crew.store.connect(autocommit=True) as conn:
        return run_due_job(crew.new_bench(), conn, is_stopping=sign)


def job(crew: Crew) -> Job:
    return get_job(crew.store, crew.account.number, crew.job.id)


def claimed(crew: Crew) -> int:
    return int(crew.ask("SELECT count(*) FROM outbox WHERE wanted ? 'everyone'")[0][0])


def steer(crew: Crew, step: Callable[..., Job]) -> Steer:
    return lambda: step(
        crew.store,
        account=crew.account.number,
        job_id=crew.job.id,
        actor=ACTOR,
        clock=lambda: crew.now,
    )


def test_a_run_that_is_stopped_goes_on_at_its_checkpoint(crowd: Crew) -> None:
    run(crowd, StopSign(2, stops=True))
    halfway = claimed(crowd), job(crowd).state, job(crowd).progress_done
    run(crowd)

    assert halfway == (PROFILES_A_RANGE, "running", PROFILES_A_RANGE)
    assert claimed(crowd) == PEOPLE
    # Had it begun again, it would have counted the first range twice.
    assert (job(crowd).state, job(crowd).progress_done) == ("running", PEOPLE)
    assert not run(crowd)


def test_a_pause_holds_a_run_and_resuming_finishes_it(crowd: Crew) -> None:
    run(crowd, StopSign(2, steer(crowd, pause_job)))
    paused = claimed(crowd), job(crowd).state, run(crowd)
    steer(crowd, resume_job)()
    run(crowd)

    # The range that was under way is written in full.
    assert paused == (2 * PROFILES_A_RANGE, "paused", False)
    assert claimed(crowd) == PEOPLE
    assert (job(crowd).state, job(crowd).progress_done) == ("running", PEOPLE)


def test_a_killed_job_is_never_taken_again(crowd: Crew) -> None:
    run(crowd, StopSign(2, steer(crowd, kill_job)))

    assert job(crowd).state == "killed"
    assert claimed(crowd) < PEOPLE
    assert not run(crowd)


def test_people_who_leave_during_a_run_are_not_claimed(crowd: Crew) -> None:
    crowd.audience("lately", 'FILTER city = "Oslo"')
    crowd.build()
    destination = crowd.export("lately")

    def leave() -> None:
        crowd.send(*({"user_id": f"u{number}", "city": "Oslo"} for number in range(PEOPLE)))
        crowd.work_hard()
        crowd.now += timedelta(seconds=1)
        crowd.send(*({"user_id": f"u{number}", "city": "Rome"} for number in range(0, PEOPLE, 2)))
        crowd.work_hard()

    run(crowd)
    run(crowd, StopSign(1, leave))

    query = "SELECT count(*) FROM outbox WHERE destination = %s AND wanted ? 'lately'"
    assert crowd.ask(query, (destination,)) == [(PEOPLE // 2,)]


def test_a_conflict_is_no_fault_of_the_job(crowd: Crew) -> None:
    tries = 0

    def conflicting(bench: Bench, taken: Job, is_stopping: Callable[[], bool]) -> None:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise StaleOutboxError
        run_export(bench, taken, is_stopping)

    with crowd.store.connect(autocommit=True) as conn:
        while run_due_job(
            crowd.new_bench(),
            conn,
            runners={"export_audience": conflicting},
            is_stopping=lambda: False,
        ):
            assert job(crowd).failures == 0

    assert tries == 3
    assert claimed(crowd) == PEOPLE
