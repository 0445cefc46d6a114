"""How far an import has come, as people and programs are told."""

import time
from collections.abc import Callable
from typing import Any

from coterie.base.clock import Clock
from coterie.control.jobs import save_progress
from coterie.model.control import Job
from coterie.model.imports import FileProgress
from coterie.store import Connection, Store
from coterie.worker.runners.travel import Travel

ROWS = "rows"
PROGRESS = "progress"
EVERY_SECONDS = 1.0
Stops = Callable[[], bool]
DIGITS = 3


class StoppedError(Exception):
    """The job was paused or killed, or its process is asked to end, while a file travelled."""


class JobProgress:
    """Keeps the checkpoint of a job: rows before the present file, and how that is going.

    `checkpoint` is kept as a whole with each step. Its key "progress" holds file, step ("fetching",
    "decrypting" or "reading"), bytes and bytes_total of that step, eta_seconds, while it is read
    rows and rows_per_second, before that bytes_per_second.
    """

    def __init__(self, store: Store, job: Job, clock: Clock, is_stopping: Stops) -> None:
        self._store = store
        self._job = job
        self._clock = clock
        self._is_stopping = is_stopping
        self.checkpoint: dict[str, Any] = dict(job.checkpoint)
        self._rows_before = int(job.checkpoint.get(ROWS, 0))
        self._file = ""
        self._size = 0
        self._said_at = 0.0
        self._started = 0.0
        self._rows_at_start: int | None = None
        self._travel = Travel()

    def start_file(self, name: str) -> None:
        """Begin with a file."""
        self._file, self._rows_at_start = name, None

    def travel(self, step: str, done: int, total: int) -> None:
        """Note bytes that have come, once a second and at the end of a step.

        Raises StoppedError if that shall end.
        """
        now = time.monotonic()
        if done < total and now - self._said_at < EVERY_SECONDS:
            return
        self._said_at, self._size = now, total
        if self._is_stopping():
            raise StoppedError
        told = self._travel.told(self._file, step, done, total)
        self.checkpoint = {**self.checkpoint, ROWS: self._rows_before, PROGRESS: told}
        with self._store.transaction() as conn:
            state = save_progress(
                conn,
                self._job.id,
                checkpoint=self.checkpoint,
                done=self._rows_before,
                total=self._rows_before,
                now=self._clock(),
            )
        if state != "running":
            raise StoppedError

    def checkpoint_rows(self, conn: Connection, progress: FileProgress, part: float) -> bool:
        """Keep how far a file was read, in the transaction of its rows; return whether to go on."""
        if self._rows_at_start is None:
            self._rows_at_start, self._started = progress.rows_done, time.monotonic()
        done = self._rows_before + progress.rows_done
        total = self._rows_before + round(progress.rows_done / part if part else 0)
        self.checkpoint = {
            **self.checkpoint,
            ROWS: self._rows_before,
            PROGRESS: self._reading(progress, part),
        }
        state = save_progress(
            conn,
            self._job.id,
            checkpoint=self.checkpoint,
            done=done,
            total=max(done, total),
            now=self._clock(),
        )
        return state == "running"

    def end_file(self, progress: FileProgress) -> None:
        """Count a file that is read."""
        self._rows_before += progress.rows_done
        self.save_done()

    def save_done(self) -> None:
        """Keep the checkpoint with nothing under way."""
        self.checkpoint = {**self.checkpoint, ROWS: self._rows_before}
        self.checkpoint.pop(PROGRESS, None)
        with self._store.transaction() as conn:
            save_progress(
                conn,
                self._job.id,
                checkpoint=self.checkpoint,
                done=self._rows_before,
                total=self._rows_before,
                now=self._clock(),
            )

    def _reading(self, progress: FileProgress, part: float) -> dict[str, Any]:
        told: dict[str, Any] = {
            "file": self._file,
            "step": "reading",
            "bytes": round(self._size * part),
            "bytes_total": self._size,
            "rows": progress.rows_done,
        }
        seconds = time.monotonic() - self._started
        new = progress.rows_done - (self._rows_at_start or 0)
        if new > 0 and seconds > 0:
            rate = new / seconds
            told["rows_per_second"] = round(rate)
            left = progress.rows_done * (1 / part - 1) if part else 0
            told["eta_seconds"] = round(left / rate, DIGITS)
        return told
