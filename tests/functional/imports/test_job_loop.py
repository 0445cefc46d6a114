import threading
import time
from collections.abc import Callable

from tests.functional.imports.conftest import ImportWorld

from coterie.model.control import Job
from coterie.worker.dependencies import Bench
from coterie.worker.jobs import run_jobs

DEADLINE = 20.0
EXPORT = (
    '{"kind": "export_audience", "identifier_field": "external_id", "audiences": [],'
    ' "existing_users": true}'
)


def run_until(world: ImportWorld, holds: Callable[[], bool], **runners: object) -> None:
    stop = threading.Event()
    chosen = {"runners": runners} if runners else {}
    thread = threading.Thread(target=run_jobs, args=(world.bench, stop), kwargs=chosen)
    thread.start()
    try:
        deadline = time.monotonic() + DEADLINE
        while not holds():
            assert time.monotonic() < deadline
            time.sleep(0.01)
    finally:
        stop.set()
        thread.join(DEADLINE)
    assert not thread.is_alive()


def test_due_jobs_are_run_one_after_another(world: ImportWorld) -> None:
    for name in ("a.csv", "b.csv"):
        world.write(name, f"id\n{name}\n")
    jobs = [world.add_job(filename=name) for name in ("a.csv", "b.csv")]

    run_until(world, lambda: all(world.job(job)["state"] == "completed" for job in jobs))

    assert {event["id"] for event in world.events()} == {"a.csv", "b.csv"}


def test_a_fault_of_ours_is_a_fault_of_the_job_and_stops_no_other(world: ImportWorld) -> None:
    world.write("users.csv", "id\n1\n")
    job = world.add_job(filename="users.csv")

    def broken(_bench: Bench, _job: Job, _is_stopping: Callable[[], bool]) -> None:
        raise ZeroDivisionError

    run_until(world, lambda: world.job(job)["state"] == "fault", import_csv=broken)

    assert "ZeroDivisionError" in world.job(job)["last_error"]


def test_a_long_import_does_not_hold_up_jobs_of_another_kind(world: ImportWorld) -> None:
    world.write("users.csv", "id\n1\n")
    world.add_job(filename="users.csv")
    with world.store.transaction() as conn:
        conn.execute(
            "INSERT INTO job (account, kind, label, config, state, run_at, created_by, created_at,"
            " updated_at) SELECT account, 'export_audience', label, %s, 'runnable', run_at, 'cli',"
            " created_at, updated_at FROM job",
            (EXPORT,),
        )
    exported = threading.Event()

    def long_import(_bench: Bench, _job: Job, is_stopping: Callable[[], bool]) -> None:
        while not exported.wait(0.01) and not is_stopping():
            pass

    def export(_bench: Bench, _job: Job, _is_stopping: Callable[[], bool]) -> None:
        exported.set()

    run_until(world, exported.is_set, import_csv=long_import, export_audience=export)


def test_a_job_that_is_under_way_is_not_taken_twice(world: ImportWorld) -> None:
    world.write("users.csv", "id\n1\n")
    world.add_job(filename="users.csv")
    taken_meanwhile = []

    def is_stopping() -> bool:
        taken_meanwhile.append(world.run())
        return False

    world.run(is_stopping=is_stopping)

    assert taken_meanwhile
    assert not any(taken_meanwhile)
    assert world.events() == [{"id": "1"}]
