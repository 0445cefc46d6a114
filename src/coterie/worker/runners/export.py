"""Runs what an export job has to do beside following: its start, its changes, its end."""

from collections.abc import Callable
from datetime import datetime, timedelta

from coterie.base.errors import PermanentError
from coterie.control.jobs import (
    RESTATED,
    expire_job,
    finish,
    finish_cleaning,
    finish_rechecking,
    save_progress,
    wait_until,
)
from coterie.flow.audiences.membership import count_members
from coterie.flow.exports.outbox import count_waiting
from coterie.flow.exports.restating import (
    count_recipients,
    count_traces,
    forget_questioned,
    question_omissions,
)
from coterie.flow.run.generations import enter_live_generation
from coterie.flow.run.recheck import recheck_queued
from coterie.flow.run.restate import restate_recipients
from coterie.flow.run.revisit import FIRST_PROFILE, claim_members
from coterie.model.control import ENDING, RECHECKING, Job
from coterie.model.exports import ExportConfig
from coterie.model.feeds import FeedConfig
from coterie.store import Connection
from coterie.store.fences import share_fence
from coterie.worker.dependencies import Bench

PROFILES_A_RANGE = 1_000
AFTER = "after"
# How often a job that cleans up asks whether all is gone.
CLEANING_EVERY = timedelta(seconds=1)

Stops = Callable[[], bool]


class WrongKindError(PermanentError):
    """A job came to the runner of another kind."""

    code = "wrong_job_kind"

    def __init__(self, *, job: Job) -> None:
        super().__init__(
            f"Job {job.id} is of kind {job.kind} and came to the runner of audience exports. "
            "Delete it and create it again."
        )


def run_export(bench: Bench, job: Job, is_stopping: Stops) -> None:
    """Claim for the existing members, range by range; from then on the worker follows changes.

    A job that was changed first states anew what it wants of those whom it named before; one that
    cleans up at its end waits until all is gone. Each range and its checkpoint are one transaction.
    Returns early when the job was paused or killed, or when `is_stopping`.
    """
    config = job.config
    if not isinstance(config, ExportConfig) or job.destination_id is None:
        raise WrongKindError(job=job)
    is_ending = ENDING in job.checkpoint
    if not is_ending and config.expires_at is not None and config.expires_at <= bench.clock():
        expire_job(bench.store, job, clean_up=config.clean_up_at_expiry, clock=bench.clock)
        return
    run = _Run(bench, job, job.destination_id, config, is_stopping)
    if RESTATED in job.checkpoint and not run.restate():
        return
    if is_ending:
        run.watch_cleaning()
        return
    # Who entered after the start may be sent now, or be omitted for another reason.
    looks_again = RESTATED in job.checkpoint and not isinstance(config, FeedConfig)
    if (config.sends_members or looks_again) and not run.claim_all():
        return
    with bench.store.transaction() as conn:
        forget_questioned(conn, job.id)
        finish(conn, job, now=bench.clock())


class _Run:
    """One turn of a job at the bench."""

    def __init__(
        self,
        bench: Bench,
        job: Job,
        destination: int,
        config: ExportConfig,
        is_stopping: Stops,
    ) -> None:
        self._bench = bench
        self._job = job
        self._destination = destination
        self._config = config
        self._is_stopping = is_stopping
        self._checkpoint = dict(job.checkpoint)
        self._done = job.progress_done

    def restate(self) -> bool:
        """State anew what the destination's recipients shall hold; return whether all is done."""
        after = str(self._checkpoint[RESTATED] or "")
        while not self._is_stopping():
            now = self._bench.clock()
            with self._bench.store.transaction() as conn:
                enter_live_generation(conn)
                step = restate_recipients(
                    conn,
                    self._bench.contexts,
                    (self._job.account, self._destination),
                    after,
                    now=now,
                    limit=PROFILES_A_RANGE,
                )
                if after == "" and not isinstance(self._config, FeedConfig):
                    question_omissions(conn, self._job.id)
                if step is None:
                    break
                after = step.last
                self._checkpoint[RESTATED] = after
                self._done += step.seen
                self._note_denied(step.denied)
                total = max(self._done, count_recipients(conn, self._destination))
                if not self._save(conn, total=total, now=now):
                    return False
        return not self._is_stopping() and self.recheck()

    def recheck(self) -> bool:
        """Ask people of queued events for a consent that changed; return whether all is done.

        From then on the destination is delivered to again.
        """
        if RECHECKING not in self._checkpoint:
            return True
        while not self._is_stopping():
            now = self._bench.clock()
            with self._bench.store.transaction() as conn:
                enter_live_generation(conn)
                step = recheck_queued(
                    conn,
                    self._bench.contexts,
                    (self._job.account, self._job.id, self._destination),
                    int(self._checkpoint[RECHECKING]["last"]),
                    now=now,
                    limit=PROFILES_A_RANGE,
                )
                if step is None:
                    checked = dict(self._checkpoint)
                    del self._checkpoint[RECHECKING]
                    return finish_rechecking(conn, self._job, checked, now=now)
                self._checkpoint[RECHECKING] = self._checkpoint[RECHECKING] | {"last": step.last}
                self._note_denied(step.dropped)
                self._done += step.seen
                if not self._save(conn, total=self._done, now=now):
                    return False
        return False

    def _note_denied(self, denied: int) -> None:
        if RECHECKING in self._checkpoint:
            noted = self._checkpoint[RECHECKING]
            self._checkpoint[RECHECKING] = noted | {"denied": noted["denied"] + denied}

    def _save(self, conn: Connection, *, total: int, now: datetime) -> bool:
        """Keep how far the run has come; return whether it goes on."""
        state = save_progress(
            conn,
            self._job.id,
            checkpoint=self._checkpoint,
            done=self._done,
            total=total,
            now=now,
        )
        return state == "running"

    def claim_all(self) -> bool:
        """Claim for all members; return whether all is done."""
        after = str(self._checkpoint.get(AFTER) or FIRST_PROFILE)
        if AFTER not in self._checkpoint:
            self._done = 0
        while not self._is_stopping():
            now = self._bench.clock()
            with self._bench.store.transaction() as conn:
                share_fence(conn)
                enter_live_generation(conn)
                self._bench.contexts.refresh(conn)
                context = self._bench.contexts.get(self._job.account)
                audiences = context.audience_ids(self._config.audiences)
                step = claim_members(
                    conn,
                    self._bench.contexts,
                    (self._job.account, audiences),
                    after,
                    now=now,
                    limit=PROFILES_A_RANGE,
                )
                if step is None:
                    return True
                after, self._done = step[0], self._done + step[1]
                total = max(self._done, count_members(conn, self._job.account, audiences))
                self._checkpoint[AFTER] = after
                if not self._save(conn, total=total, now=now):
                    return False
        return False

    def watch_cleaning(self) -> None:
        """End the job if what it wrote is gone, else look again soon."""
        now = self._bench.clock()
        values = sorted(self._config.keys)
        with self._bench.store.transaction() as conn:
            forget_questioned(conn, self._job.id)
            remaining, refused = count_waiting(conn, self._destination), 0
            if remaining == 0:
                remaining, refused = count_traces(conn, self._destination, values)
            if remaining:
                wait_until(conn, self._job, run_at=now + CLEANING_EVERY, now=now)
                return
        finish_cleaning(self._bench.store, self._job, refused=refused, clock=self._bench.clock)
