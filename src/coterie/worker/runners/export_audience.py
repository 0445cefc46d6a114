"""Runs the start of an Export Audience job: claims for the people whom its audiences hold."""

from collections.abc import Callable

from coterie.base.errors import PermanentError
from coterie.control.jobs import finish, save_progress
from coterie.flow.audiences.membership import count_members
from coterie.flow.run.generations import enter_live_generation
from coterie.flow.run.revisit import FIRST_PROFILE, claim_members
from coterie.model.control import ExportAudienceConfig, Job
from coterie.store.fences import share_fence
from coterie.worker.dependencies import Bench

PROFILES_A_RANGE = 1_000
AFTER = "after"


class WrongKindError(PermanentError):
    """A job came to the runner of another kind."""

    code = "wrong_job_kind"

    def __init__(self, *, job: Job) -> None:
        super().__init__(
            f"Job {job.id} is of kind {job.kind} and came to the runner of audience exports. "
            "Delete it and create it again."
        )


def run_export_audience(bench: Bench, job: Job, is_stopping: Callable[[], bool]) -> None:
    """Claim for the existing members, range by range; from then on the worker follows changes.

    Each range and its checkpoint are one transaction. Without Existing Users there is nothing to
    claim. Returns early when the job was paused or killed, or when `is_stopping`.
    """
    if not isinstance(job.config, ExportAudienceConfig):
        raise WrongKindError(job=job)
    if job.config.existing_users and not _claim_all(bench, job, job.config, is_stopping):
        return
    with bench.store.transaction() as conn:
        finish(conn, job, now=bench.clock())


def _claim_all(
    bench: Bench, job: Job, config: ExportAudienceConfig, is_stopping: Callable[[], bool]
) -> bool:
    after = str(job.checkpoint.get(AFTER) or FIRST_PROFILE)
    done = job.progress_done
    while not is_stopping():
        now = bench.clock()
        with bench.store.transaction() as conn:
            share_fence(conn)
            enter_live_generation(conn)
            bench.contexts.refresh(conn)
            audiences = bench.contexts.get(job.account).audience_ids(config.audiences)
            step = claim_members(
                conn,
                bench.contexts,
                (job.account, audiences),
                after,
                now=now,
                limit=PROFILES_A_RANGE,
            )
            if step is None:
                return True
            after, done = step[0], done + step[1]
            total = max(done, count_members(conn, job.account, audiences))
            checkpoint = {**job.checkpoint, AFTER: after}
            state = save_progress(
                conn, job.id, checkpoint=checkpoint, done=done, total=total, now=now
            )
            if state != "running":
                return False
    return False
