import threading
import time
from collections.abc import Callable

from tests.functional.worker.conftest import Crew

from coterie.worker.loop import run_worker

DEADLINE = 20.0
END_OTHERS = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_worker_whose_connection_is_cut_takes_another_and_goes_on(crew: Crew) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=run_worker, args=(crew.deps(limit=50), stop))
    thread.start()
    try:
        for cut in range(3):
            crew.send(*({"user_id": "u1", "order_amount": 1} for _ in range(500)))
            wait_until(lambda: 0 < crew.waiting() < 500)
            crew.ask(END_OTHERS)
            wait_until(lambda: crew.waiting() == 0)
            assert thread.is_alive(), f"ended by cut {cut}"
    finally:
        stop.set()
        thread.join(DEADLINE)

    assert not thread.is_alive()
    assert crew.profile("user_id", "u1")["order_count"] == 1_500
    assert crew.outcomes() == {}


def test_a_worker_finishes_its_batch_when_it_is_asked_to_stop(crew: Crew) -> None:
    stop = threading.Event()
    crew.send(*({"user_id": f"u{number}"} for number in range(300)))
    thread = threading.Thread(target=run_worker, args=(crew.deps(limit=100), stop))

    thread.start()
    wait_until(lambda: crew.waiting() < 300)
    stop.set()
    thread.join(DEADLINE)

    assert not thread.is_alive()
    assert crew.waiting() % 100 == 0
    assert crew.ask("SELECT count(*) FROM g1.profile") == [(300 - crew.waiting(),)]
