import threading
import time
from datetime import timedelta

from tests.functional.worker.conftest import Crew

from coterie.worker.loop import FLIP_LATER, run_worker

DEADLINE = 20.0


def slugs(crew: Crew, user_id: str) -> list[str]:
    found: list[str] = crew.profile("user_id", user_id)["audiences"]
    return found


def test_people_leave_at_the_instant_and_not_before(crew: Crew) -> None:
    crew.audience("fresh", 'FILTER last_seen > "now-1d"')
    crew.send({"user_id": "u1"})
    worker = crew.hire()
    crew.work_with(worker)

    crew.now += timedelta(days=1) - timedelta(microseconds=1)
    worker.turn()
    just_before = slugs(crew, "u1")
    crew.now += timedelta(microseconds=1)
    worker.turn()

    assert just_before == ["fresh"]
    assert slugs(crew, "u1") == []
    assert crew.kinds_of_change() == {("enter", "event"): 1, ("exit", "instant"): 1}


def test_a_running_worker_wakes_by_itself(crew: Crew) -> None:
    crew.audience("fresh", 'FILTER last_seen > "now-1d"')
    crew.send({"user_id": "u1"})
    crew.work_hard()
    stop = threading.Event()
    thread = threading.Thread(target=run_worker, args=(crew.deps(), stop))
    thread.start()
    try:
        crew.now += timedelta(days=1, seconds=1)

        deadline = time.monotonic() + DEADLINE
        while slugs(crew, "u1"):
            assert time.monotonic() < deadline
            time.sleep(0.01)
    finally:
        stop.set()
        thread.join(DEADLINE)

    assert not thread.is_alive()


def test_two_workers_flip_a_profile_once(crew: Crew) -> None:
    crew.audience("fresh", 'FILTER last_seen > "now-1d"')
    crew.send(*({"user_id": f"u{number}"} for number in range(50)))
    workers = [crew.hire(), crew.hire()]
    crew.work_with(workers[0])
    crew.now += timedelta(days=2)

    threads = [threading.Thread(target=worker.turn) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE)

    assert crew.kinds_of_change() == {("enter", "event"): 50, ("exit", "instant"): 50}


def test_a_profile_that_cannot_be_asked_holds_up_nobody(crew: Crew) -> None:
    crew.audience("fresh", 'FILTER last_seen > "now-1d"')
    crew.send(*({"user_id": f"u{number}"} for number in range(20)))
    worker = crew.hire()
    crew.work_with(worker)
    crew.damage("u7")
    crew.now += timedelta(days=2)

    for _ in range(60):
        worker.turn()

    assert crew.kinds_of_change()[("exit", "instant")] == 19
    due = crew.ask("SELECT next_flip FROM g1.profile WHERE next_flip IS NOT NULL")
    assert due == [(crew.now + FLIP_LATER,)]
