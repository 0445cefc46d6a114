"""The way of a CSV file from its bytes to durable events."""

import hashlib
import io
import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import BinaryIO

import msgspec

from coterie.base.clock import Clock
from coterie.base.errors import UserError
from coterie.base.garbage import paused_collector
from coterie.base.metrics import events_collected_total, events_refused_total
from coterie.flow.collect.keep import keep_rejected
from coterie.flow.collect.times import read_instant
from coterie.flow.eventlog.bulk import append_events
from coterie.flow.eventlog.lanes import list_bulk_lanes
from coterie.flow.imports.changed import ChangedRows
from coterie.flow.imports.content import open_parts
from coterie.flow.imports.errors import AllRowsBadError
from coterie.flow.imports.events import SOURCE, make_event, make_rejected
from coterie.flow.imports.files import (
    advance_file,
    count_backlog,
    find_hashes,
    finish_file,
    keep_rejects,
    start_file,
)
from coterie.flow.imports.rows import BadRow, Row, read_rows
from coterie.model.events import IncomingEvent
from coterie.model.imports import FileProgress, ImportTask
from coterie.store import Connection, Store

HASH_BYTES = 1 << 20
BACKLOG_PAUSE = 0.25

# A file of which nothing at all fits is the wrong file, or read in the wrong way.
HOPELESS_ROWS = 1_000

Checkpoint = Callable[[Connection, FileProgress, float], bool]
"""Called in each chunk's transaction with the part of the file that is read (0 to 1); returns
whether to go on."""


class ImportOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How an import treats the rest of the system.

    A chunk of rows is one transaction. While more than `backlog_limit` events wait for a worker,
    the import waits too, so that a bulk load does not hold up what happens now. `file_limit` is the
    most bytes of a file once unpacked.
    """

    chunk_rows: int = 4_000
    event_limit: int = 1_000_000
    backlog_limit: int = 50_000
    file_limit: int = 20_000_000_000


class ImportRun:
    """Imports one file at a time into the log of one database."""

    def __init__(
        self,
        store: Store,
        *,
        options: ImportOptions,
        clock: Clock,
        is_stopping: Callable[[], bool],
    ) -> None:
        self._store = store
        self._options = options
        self._clock = clock
        self._is_stopping = is_stopping

    def import_file(
        self, task: ImportTask, stream: BinaryIO, *, checkpoint: Checkpoint
    ) -> FileProgress:
        """Read a file from where an earlier run stopped; return how far it came.

        State "reading" means that `checkpoint` or the stop sign ended the run. `stream` is at its
        start and holds the content of the file, decrypted if need be. Raises the UserError that
        says what is wrong with the file after noting that it failed; StoreUnavailableError.
        """
        with self._store.transaction() as conn:
            progress = start_file(conn, task, now=self._clock())
            lanes = list_bulk_lanes(conn)
            changed = ChangedRows(find_hashes(conn, task.job_id)) if task.is_diff else None
        if progress.state != "reading":
            return progress
        # Lanes take turns, so that several workers share the load.
        turns = itertools.cycle(lanes[task.job_id % len(lanes) :] + lanes)
        run = _FileRun(task, stream, changed, turns, checkpoint)
        try:
            return self._read(run, progress)
        except UserError as error:
            with self._store.transaction() as conn:
                finish_file(conn, task, now=self._clock(), failure=error.message)
            raise

    def _read(self, run: "_FileRun", progress: FileProgress) -> FileProgress:
        task, done = run.task, progress.rows_done
        passed = 0
        parts = open_parts(
            run.stream,
            name=task.name,
            encoding=task.format.encoding,
            limit=self._options.file_limit,
        )
        for part in parts:
            rows = read_rows(part.text, task.format, name=part.name, after=passed)
            for chunk in _chunks(rows, self._options.chunk_rows):
                passed += len(chunk)
                if passed <= done:
                    # Of a run before this one. What it held is still to be compared with.
                    self._sort(run, chunk)
                    continue
                new = chunk[-(passed - done) :] if passed - len(chunk) < done else chunk
                self._sort(run, chunk[: len(chunk) - len(new)])
                if not self._wait_for_backlog(run, progress):
                    return progress
                progress, goes_on = self._write(run, new, progress, name=part.name)
                if not goes_on:
                    return progress
        with self._store.transaction() as conn:
            hashes = run.changed.hashes() if run.changed is not None else None
            finish_file(conn, task, now=self._clock(), row_hashes=hashes)
        return msgspec.structs.replace(progress, state="done")

    def _write(
        self, run: "_FileRun", chunk: list[Row | BadRow], progress: FileProgress, *, name: str
    ) -> tuple[FileProgress, bool]:
        with paused_collector():
            events, bad = self._sort(run, chunk)
        task = run.task
        after = FileProgress(
            rows_done=progress.rows_done + len(chunk),
            rows_rejected=progress.rows_rejected + len(bad),
            rows_skipped=progress.rows_skipped + len(chunk) - len(bad) - len(events),
        )
        if after.rows_rejected == after.rows_done >= HOPELESS_ROWS:
            ((reason, _),) = Counter(row.reason for row in bad).most_common(1)
            raise AllRowsBadError(name=name, rows=after.rows_done, reason=reason)
        shown = msgspec.structs.replace(task, name=name)
        rejected = [make_rejected(row, shown, received_at=self._clock()) for row in bad]
        with self._store.transaction() as conn:
            keep_rejected(conn, rejected)
            keep_rejects(conn, shown, bad, now=self._clock())
            advance_file(conn, task, progress, after)
            goes_on = run.checkpoint(conn, after, run.part())
            append_events(conn, next(run.lanes), events)
        events_collected_total.inc(len(events))
        events_refused_total.labels(SOURCE).inc(len(rejected))
        return after, goes_on

    def _sort(
        self, run: "_FileRun", chunk: list[Row | BadRow]
    ) -> tuple[list[IncomingEvent], list[BadRow]]:
        now = self._clock()
        events: list[IncomingEvent] = []
        bad: list[BadRow] = []
        for row in chunk:
            made = row if isinstance(row, BadRow) else self._make(row, run.task, now)
            if isinstance(made, BadRow):
                bad.append(made)
            elif run.changed is None or not run.changed.note(made.body.encode()):
                events.append(made)
        return events, bad

    def _make(self, row: Row, task: ImportTask, now: datetime) -> IncomingEvent | BadRow:
        return make_event(
            row,
            task,
            received_at=now,
            event_limit=self._options.event_limit,
            read_instant=read_instant,
        )

    def _wait_for_backlog(self, run: "_FileRun", progress: FileProgress) -> bool:
        """Return once the workers have nearly caught up; false if the run shall stop."""
        while not self._is_stopping():
            with self._store.transaction() as conn:
                if count_backlog(conn) <= self._options.backlog_limit:
                    return True
                if not run.checkpoint(conn, progress, run.part()):
                    return False
            time.sleep(BACKLOG_PAUSE)
        return False


class _FileRun:
    """What stays the same while one file is read."""

    def __init__(
        self,
        task: ImportTask,
        stream: BinaryIO,
        changed: ChangedRows | None,
        lanes: Iterator[int],
        checkpoint: Checkpoint,
    ) -> None:
        self.task = task
        self.stream = stream
        self.changed = changed
        self.lanes = lanes
        self.checkpoint = checkpoint
        self._size = stream.seek(0, io.SEEK_END)
        stream.seek(0)

    def part(self) -> float:
        """How much of the file is read, from 0 to 1."""
        return min(1.0, self.stream.tell() / self._size) if self._size else 1.0


def hash_stream(stream: BinaryIO) -> bytes:
    """Return the SHA-256 of a stream from its start, and put it back there."""
    hasher = hashlib.sha256()
    stream.seek(0)
    while block := stream.read(HASH_BYTES):
        hasher.update(block)
    stream.seek(0)
    return hasher.digest()


def _chunks(rows: Iterator[Row | BadRow], size: int) -> Iterator[list[Row | BadRow]]:
    while chunk := _take(rows, size):
        yield chunk


def _take(rows: Iterator[Row | BadRow], size: int) -> list[Row | BadRow]:
    with paused_collector():
        return list(itertools.islice(rows, size))
