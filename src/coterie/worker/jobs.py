"""Takes due jobs and hands each to the runner of its kind."""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed

import structlog

from coterie.base.errors import CoterieError, PermanentError, TransientError, UserError
from coterie.control.jobs import fail, release_job, take_due_job
from coterie.model.control import Job
from coterie.store import Connection, StoreUnavailableError, store_errors
from coterie.worker.dependencies import Bench
from coterie.worker.runners.export import run_export
from coterie.worker.runners.export_files import run_export_files
from coterie.worker.runners.import_csv import run_import_csv

log = structlog.get_logger(__name__)

Runner = Callable[[Bench, Job, Callable[[], bool]], None]
"""Runs a job and finishes it; returns early when the stop sign says so or the job was steered."""

RUNNERS: Mapping[str, Runner] = {
    "export_audience": run_export,
    "export_profiles": run_export,
    "export_subscriptions": run_export,
    "export_events": run_export,
    "export_purchases": run_export,
    "export_files": run_export_files,
    "webhook": run_export,
    "import_csv": run_import_csv,
}

IDLE_SECONDS = 0.25
RECONNECT_SECONDS = 1.0


def run_jobs(
    bench: Bench, stop: threading.Event, *, runners: Mapping[str, Runner] = RUNNERS
) -> None:
    """Run due jobs until `stop` is set, one of each runner at a time.

    A job under way keeps its checkpoint and is due again at once. Several processes may do this.
    """
    # A runner has a thread of its own, so that an import of hours holds up no export's start. Only
    # the runner of exports uses the compiled configurations of the bench, which serve one thread.
    groups: dict[Runner, dict[str, Runner]] = {}
    for kind, runner in runners.items():
        groups.setdefault(runner, {})[kind] = runner
    with ThreadPoolExecutor(max_workers=len(groups), thread_name_prefix="jobs") as threads:
        loops = [threads.submit(_run_kind, bench, stop, group) for group in groups.values()]
        try:
            for ended in as_completed(loops):
                ended.result()
        finally:
            stop.set()


def _run_kind(bench: Bench, stop: threading.Event, runners: Mapping[str, Runner]) -> None:
    while not stop.is_set():
        try:
            with store_errors(), bench.store.connect(autocommit=True) as conn:
                while not stop.is_set():
                    if not run_due_job(bench, conn, runners=runners, is_stopping=stop.is_set):
                        stop.wait(IDLE_SECONDS)
        except StoreUnavailableError as error:
            log.warning("jobs.store.unavailable", reason=error.message)
            stop.wait(RECONNECT_SECONDS)


def run_due_job(
    bench: Bench,
    conn: Connection,
    *,
    runners: Mapping[str, Runner] = RUNNERS,
    is_stopping: Callable[[], bool],
) -> bool:
    """Run one due job if there is one; return whether there was.

    `conn` is in autocommit and holds the job's lock: when it is lost another runner may take the
    job. Raises StoreUnavailableError.
    """
    job = take_due_job(conn, bench.clock(), kinds=tuple(runners))
    if job is None:
        return False
    try:
        _run(bench, job, runners[job.kind], is_stopping)
    finally:
        if not conn.closed:
            release_job(conn, job.id)
    return True


def _run(bench: Bench, job: Job, runner: Runner, is_stopping: Callable[[], bool]) -> None:
    log.info("job.started", job=job.id, kind=job.kind)
    try:
        runner(bench, job, is_stopping)
    except StoreUnavailableError:
        raise
    except TransientError as error:
        if error.retry_after == 0.0:
            # Another transaction was in the way. The job is due still, and goes on where it was.
            log.info("job.conflict", job=job.id, kind=job.kind, code=error.code)
        else:
            _fail(bench, job, error, permanent=False)
    except (UserError, PermanentError) as error:
        _fail(bench, job, error, permanent=True)
    except Exception as error:
        log.exception("job.broken", job=job.id, kind=job.kind)
        _fail(bench, job, UnexpectedJobError(kind=type(error).__name__), permanent=False)


class UnexpectedJobError(TransientError):
    """A fault of ours ended a run."""

    code = "job_broken"

    def __init__(self, *, kind: str) -> None:
        super().__init__(
            f"The job ended with an error that nobody expected ({kind}). It is tried again by "
            "itself; if this lasts, look for 'job.broken' in the log and report it."
        )


def _fail(bench: Bench, job: Job, error: CoterieError, *, permanent: bool) -> None:
    log.warning("job.failed", job=job.id, kind=job.kind, code=error.code, permanent=permanent)
    with bench.store.transaction() as conn:
        fail(conn, job, error=error.message, now=bench.clock(), permanent=permanent)
