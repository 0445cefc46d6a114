"""How far the writing of a file has come, as people and programs are told."""

import time
from collections.abc import Collection
from typing import Any

from coterie.control.jobs import save_progress
from coterie.model.control import Job, JobState
from coterie.store import Connection
from coterie.worker.dependencies import Bench
from coterie.worker.runners.import_progress import EVERY_SECONDS, PROGRESS, StoppedError, Stops
from coterie.worker.runners.travel import Travel

DIGITS = 1


class FileProgress:
    """Tells it once a second, in the job's checkpoint, and hears whether the job shall stop.

    Key "progress" of the checkpoint holds file, step ("reading people", "converting",
    "encrypting" or "uploading"), bytes and bytes_total of that step, rows, eta_seconds, while
    people are read rows_per_second, after that bytes_per_second.
    """

    def __init__(self, bench: Bench, job: Job, is_stopping: Stops) -> None:
        self._bench = bench
        self._job = job
        self._is_stopping = is_stopping
        self.checkpoint: dict[str, Any] = dict(job.checkpoint)
        self._name = ""
        self._rows = (0, 0)
        self._said_at = self._started = 0.0
        self._travel = Travel()

    def start(self, name: str) -> None:
        """Begin with a file."""
        self._name, self._started, self._rows = name, time.monotonic(), (0, 0)
        self._said_at = 0.0

    def rows(self, done: int, total: int, size: int) -> None:
        """Note people that were read and the bytes that they make. Raises StoppedError."""
        self._rows = done, total
        if not self._is_time(is_last=False):
            return
        told: dict[str, Any] = {"step": "reading people", "bytes": size, "rows": done}
        # Their rows are about as long as those of the others.
        told["bytes_total"] = round(size / done * total) if done else size
        seconds = time.monotonic() - self._started
        if done and seconds > 0:
            rate = done / seconds
            told["rows_per_second"] = round(rate)
            told["eta_seconds"] = round((total - done) / rate, DIGITS)
        self._tell(told)

    def travel(self, step: str, done: int, total: int) -> None:
        """Note bytes that have travelled in a step. Raises StoppedError."""
        if not self._is_time(is_last=done >= total):
            return
        self._tell({**self._travel.told(self._name, step, done, total), "rows": self._rows[0]})

    def save(self) -> None:
        """Keep the checkpoint as it is. Raises StoppedError."""
        with self._bench.store.transaction() as conn:
            state = self._keep(conn)
        if state != "running":
            raise StoppedError

    def end(self, conn: Connection, *, keys: Collection[str]) -> None:
        """Forget these keys of the checkpoint, in the transaction that ends the run."""
        left = {key: value for key, value in self.checkpoint.items() if key not in keys}
        self.checkpoint = left
        self._keep(conn)

    def _keep(self, conn: Connection) -> JobState:
        done, total = self._rows
        return save_progress(
            conn,
            self._job.id,
            checkpoint=self.checkpoint,
            done=done,
            total=total,
            now=self._bench.clock(),
        )

    def _is_time(self, *, is_last: bool) -> bool:
        now = time.monotonic()
        if not is_last and now - self._said_at < EVERY_SECONDS:
            return False
        self._said_at = now
        return True

    def _tell(self, told: dict[str, Any]) -> None:
        if self._is_stopping():
            raise StoppedError
        self.checkpoint = {**self.checkpoint, PROGRESS: {"file": self._name, **told}}
        self.save()
