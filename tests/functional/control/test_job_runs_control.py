from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from coterie.base.clock import Clock
from coterie.control import jobs
from coterie.control.audit import list_audit
from coterie.model.control import Actor, Job
from coterie.store import Connection, Store

Advance = Callable[..., datetime]
MakeExport = Callable[..., Job]
FILES = {"stream": "braze_csv", "folder": "/srv/files", "prefix": "users"}


def take(conn: Connection, now: datetime) -> Job:
    job = jobs.take_due_job(conn, now)
    assert job is not None
    return job


def test_two_runners_never_hold_the_same_job(
    make_import: MakeExport, runner: Connection, other_runner: Connection, clock: Clock
) -> None:
    first, second = make_import(), make_import()

    taken = [take(runner, clock()).id, take(other_runner, clock()).id]

    assert taken == [first.id, second.id]


def test_a_job_whose_runner_died_is_due_at_once(
    store: Store, make_import: MakeExport, runner: Connection, clock: Clock
) -> None:
    job = make_import()
    with store.connect(autocommit=True) as dying:
        jobs.take_due_job(dying, clock())
        jobs.save_progress(dying, job.id, checkpoint={"row": 7}, done=7, total=9, now=clock())
        assert jobs.take_due_job(runner, clock()) is None

    again = take(runner, clock())

    assert (again.id, again.state, again.checkpoint) == (job.id, "running", {"row": 7})
    assert (again.progress_done, again.progress_total) == (7, 9)


def test_a_runner_takes_only_its_kinds(
    make_import: MakeExport, runner: Connection, clock: Clock
) -> None:
    make_import()

    assert jobs.take_due_job(runner, clock(), kinds=["export_audience"]) is None


def test_a_job_is_not_due_before_its_time(
    make_import: MakeExport, runner: Connection, clock: Clock, advance: Advance
) -> None:
    make_import()
    job = take(runner, clock())
    jobs.finish(runner, job, now=clock(), next_run_at=clock() + timedelta(minutes=5))
    jobs.release_job(runner, job.id)

    assert jobs.take_due_job(runner, advance(minutes=4)) is None
    assert take(runner, advance(minutes=1)).id == job.id


def test_an_import_that_read_all_is_completed(
    store: Store, make_import: MakeExport, runner: Connection, clock: Clock
) -> None:
    make_import()
    job = take(runner, clock())

    jobs.finish(runner, job, now=clock())

    after = jobs.get_job(store, 3012, job.id)
    assert (after.state, after.run_at) == ("completed", None)


def test_an_export_runs_on_once_its_backfill_is_done(
    store: Store, make_export: MakeExport, runner: Connection, clock: Clock
) -> None:
    make_export()
    job = take(runner, clock())

    jobs.finish(runner, job, now=clock())
    jobs.release_job(runner, job.id)

    after = jobs.get_job(store, 3012, job.id)
    assert (after.state, after.run_at) == ("running", None)
    assert jobs.take_due_job(runner, clock()) is None


def test_errors_are_retried_later_and_later(
    store: Store, make_import: MakeExport, runner: Connection, clock: Clock, advance: Advance
) -> None:
    make_import()
    waits = []

    for _ in range(10):
        job = take(runner, clock())
        after = jobs.fail(runner, job, error="The server is away.", now=clock())
        jobs.release_job(runner, job.id)
        assert after.state == "fault"
        assert after.run_at is not None
        waits.append((after.run_at - clock()).total_seconds())
        advance(seconds=waits[-1])

    assert waits == [10, 20, 40, 80, 160, 320, 640, 1280, 1800, 1800]
    assert jobs.get_job(store, 3012, 1).last_error == "The server is away."


def test_ten_hours_of_errors_in_a_row_fail_a_job_until_it_is_resumed(
    store: Store,
    make_import: MakeExport,
    runner: Connection,
    actor: Actor,
    clock: Clock,
    advance: Advance,
) -> None:
    make_import()
    job = take(runner, clock())
    jobs.fail(runner, job, error="away", now=clock())
    job = take(runner, advance(hours=10, seconds=1))

    failed = jobs.fail(runner, job, error="still away", now=clock())

    assert (failed.state, failed.run_at) == ("failed", None)
    assert jobs.take_due_job(runner, advance(days=1)) is None
    resumed = jobs.resume_job(store, account=3012, job_id=job.id, actor=actor, clock=clock)
    assert (resumed.state, resumed.failures, resumed.run_at) == ("runnable", 0, clock())


def test_a_success_ends_the_count_of_errors(
    store: Store, make_import: MakeExport, runner: Connection, clock: Clock, advance: Advance
) -> None:
    make_import()
    job = take(runner, clock())
    jobs.fail(runner, job, error="away", now=clock())
    job = take(runner, advance(hours=9))

    jobs.finish(runner, job, now=clock(), next_run_at=clock())

    after = jobs.get_job(store, 3012, job.id)
    assert (after.failures, after.fault_since, after.last_error) == (0, None, None)


def test_an_error_that_needs_a_person_fails_at_once(
    make_import: MakeExport, runner: Connection, clock: Clock
) -> None:
    make_import()

    failed = jobs.fail(
        runner, take(runner, clock()), error="No such folder.", now=clock(), permanent=True
    )

    assert failed.state == "failed"


def test_a_pause_in_the_middle_of_a_run_stands(
    store: Store, make_import: MakeExport, runner: Connection, actor: Actor, clock: Clock
) -> None:
    make_import()
    job = take(runner, clock())

    jobs.pause_job(store, account=3012, job_id=job.id, actor=actor, clock=clock)

    state = jobs.save_progress(runner, job.id, checkpoint={}, done=1, total=2, now=clock())
    assert state == "paused"
    jobs.finish(runner, job, now=clock())
    assert jobs.get_job(store, 3012, job.id).state == "paused"
    jobs.fail(runner, job, error="stopped", now=clock())
    assert jobs.get_job(store, 3012, job.id).state == "paused"


def test_a_paused_export_goes_on_where_it_was(
    store: Store, make_export: MakeExport, runner: Connection, actor: Actor, clock: Clock
) -> None:
    early, late = make_export(), make_export(audiences=["buyers"])
    job = take(runner, clock())
    jobs.finish(runner, job, now=clock())
    assert job.id == early.id
    for each in (early, late):
        jobs.pause_job(store, account=3012, job_id=each.id, actor=actor, clock=clock)

    after = [
        jobs.resume_job(store, account=3012, job_id=each.id, actor=actor, clock=clock)
        for each in (early, late)
    ]

    assert [(job.state, job.run_at) for job in after] == [("running", None), ("runnable", clock())]


def test_a_killed_job_stays_killed_and_a_deleted_one_leaves_the_list(
    store: Store, make_export: MakeExport, actor: Actor, clock: Clock
) -> None:
    job = make_export()

    killed = jobs.kill_job(store, account=3012, job_id=job.id, actor=actor, clock=clock)
    with pytest.raises(jobs.JobStateError, match="is killed and cannot become runnable"):
        jobs.resume_job(store, account=3012, job_id=job.id, actor=actor, clock=clock)
    jobs.delete_job(store, account=3012, job_id=job.id, actor=actor, clock=clock)

    assert killed.run_at is None
    assert jobs.list_jobs(store, 3012) == []
    assert [one.state for one in jobs.list_jobs(store, 3012, with_deleted=True)] == ["deleted"]


def test_every_step_is_in_the_log_and_in_the_audit(
    store: Store, make_export: MakeExport, actor: Actor, clock: Clock
) -> None:
    job = make_export()
    jobs.pause_job(store, account=3012, job_id=job.id, actor=actor, clock=clock)
    jobs.resume_job(store, account=3012, job_id=job.id, actor=actor, clock=clock)

    codes = [entry.code for entry in jobs.job_logs(store, 3012, job.id)]
    verbs = [entry.verb for entry in list_audit(store, 3012) if entry.subject == "job"]

    assert codes == ["resumed", "paused", "created"]
    assert verbs == codes


def test_a_log_tells_of_the_start_once_and_of_sleep_once_until_something_happens(
    store: Store, make_import: MakeExport, runner: Connection, clock: Clock, advance: Advance
) -> None:
    job = make_import()
    for _ in range(3):
        taken = take(runner, clock())
        jobs.finish(runner, taken, now=clock(), next_run_at=clock() + timedelta(minutes=1))
        jobs.release_job(runner, job.id)
        advance(minutes=1)
    jobs.add_log(runner, job.id, "synced", "A file", now=clock())
    jobs.finish(runner, take(runner, clock()), now=clock(), next_run_at=clock())

    codes = [entry.code for entry in jobs.job_logs(store, 3012, job.id)]

    assert codes == ["sleeping", "synced", "sleeping", "started", "created"]


def test_a_log_is_read_page_by_page(
    store: Store, make_import: MakeExport, runner: Connection, clock: Clock
) -> None:
    job = make_import()
    for number in range(5):
        jobs.add_log(runner, job.id, "synced", f"File {number}", now=clock(), context={"n": number})

    first = jobs.job_logs(store, 3012, job.id, 2)
    second = jobs.job_logs(store, 3012, job.id, 2, before=first[-1].id)

    assert [entry.message for entry in (*first, *second)] == [
        "File 4",
        "File 3",
        "File 2",
        "File 1",
    ]
    assert first[0].context == {"n": 4}


def test_another_account_sees_neither_job_nor_log(
    store: Store, make_import: MakeExport, actor: Actor, clock: Clock
) -> None:
    job = make_import()

    with pytest.raises(jobs.UnknownJobError):
        jobs.job_logs(store, 1, job.id)
    with pytest.raises(jobs.UnknownJobError):
        jobs.get_job(store, 1, job.id)
    with pytest.raises(jobs.UnknownJobError):
        jobs.kill_job(store, account=1, job_id=job.id, actor=actor, clock=clock)
