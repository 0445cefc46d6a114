"""The way of a CSV file from its bytes to durable events."""

import hashlib
import io
import itertools
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import BinaryIO

import msgspec

from coterie.base.clock import Clock
from coterie.base.errors import UserError
from coterie.base.metrics import events_collected_total, events_refused_total
from coterie.flow.collect.keep import keep_rejected
from coterie.flow.collect.times import read_instant
from coterie.flow.eventlog.bulk import append_events
from coterie.flow.eventlog.lanes import list_bulk_lanes
from coterie.flow.imports.events import SOURCE, make_event, make_rejected
from coterie.flow.imports.files import advance_file, count_backlog, finish_file, start_file
from coterie.flow.imports.rows import ENCODING, ENCODING_ERRORS, BadRow, Row, read_rows
from coterie.model.events import IncomingEvent, RejectedEvent
from coterie.model.imports import FileProgress, ImportTask
from coterie.store import Connection, Store

HASH_BYTES = 1 << 20
BACKLOG_PAUSE = 0.25

Checkpoint = Callable[[Connection, FileProgress, float], bool]
"""Called in each chunk's transaction with the part of the file that is read (0 to 1); returns
whether to go on."""


class ImportOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How an import treats the rest of the system.

    A chunk of rows is one transaction. While more than `backlog_limit` events wait for a worker,
    the import waits too, so that a bulk load does not hold up what happens now.
    """

    chunk_rows: int = 2_000
    event_limit: int = 1_000_000
    backlog_limit: int = 20_000


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
        start and holds the bytes of `task.sha256`. Raises BadHeaderError or MissingColumnError
        after noting that the file failed, StoreUnavailableError.
        """
        with self._store.transaction() as conn:
            progress = start_file(conn, task, now=self._clock())
            lanes = list_bulk_lanes(conn)
        if progress.state != "reading":
            return progress
        try:
            return self._read(task, stream, progress, lanes=lanes, checkpoint=checkpoint)
        except UserError:
            with self._store.transaction() as conn:
                finish_file(conn, task, failed=True, now=self._clock())
            raise

    def _read(
        self,
        task: ImportTask,
        stream: BinaryIO,
        progress: FileProgress,
        *,
        lanes: list[int],
        checkpoint: Checkpoint,
    ) -> FileProgress:
        text = io.TextIOWrapper(stream, encoding=ENCODING, errors=ENCODING_ERRORS, newline="")
        try:
            rows = read_rows(text, task.format, name=task.name)
            skipped = itertools.islice(rows, progress.rows_done, None)
            # Lanes take turns, so that several workers share the load.
            turns = itertools.cycle(lanes[task.job_id % len(lanes) :] + lanes)
            part = 0.0
            for chunk in _chunks(skipped, self._options.chunk_rows):
                if not self._wait_for_backlog(progress, part, checkpoint):
                    return progress
                part = min(1.0, stream.tell() / task.size) if task.size else 1.0
                progress, goes_on = self._write(
                    task, chunk, progress, lane=next(turns), part=part, checkpoint=checkpoint
                )
                if not goes_on:
                    return progress
            with self._store.transaction() as conn:
                finish_file(conn, task, failed=False, now=self._clock())
            return msgspec.structs.replace(progress, state="done")
        finally:
            text.detach()

    def _write(
        self,
        task: ImportTask,
        chunk: list[Row | BadRow],
        progress: FileProgress,
        *,
        lane: int,
        part: float,
        checkpoint: Checkpoint,
    ) -> tuple[FileProgress, bool]:
        events, rejected = self._sort(task, chunk)
        after = FileProgress(
            rows_done=progress.rows_done + len(chunk),
            rows_rejected=progress.rows_rejected + len(rejected),
        )
        with self._store.transaction() as conn:
            keep_rejected(conn, rejected)
            advance_file(conn, task, progress, after)
            goes_on = checkpoint(conn, after, part)
            append_events(conn, lane, events)
        events_collected_total.inc(len(events))
        events_refused_total.labels(SOURCE).inc(len(rejected))
        return after, goes_on

    def _sort(
        self, task: ImportTask, chunk: list[Row | BadRow]
    ) -> tuple[list[IncomingEvent], list[RejectedEvent]]:
        now = self._clock()
        events: list[IncomingEvent] = []
        rejected: list[RejectedEvent] = []
        for row in chunk:
            made = row if isinstance(row, BadRow) else self._make(row, task, now)
            if isinstance(made, BadRow):
                rejected.append(make_rejected(made, task, received_at=now))
            else:
                events.append(made)
        return events, rejected

    def _make(self, row: Row, task: ImportTask, now: datetime) -> IncomingEvent | BadRow:
        return make_event(
            row,
            task,
            received_at=now,
            event_limit=self._options.event_limit,
            read_instant=read_instant,
        )

    def _wait_for_backlog(
        self, progress: FileProgress, part: float, checkpoint: Checkpoint
    ) -> bool:
        """Return once the workers have nearly caught up; false if the run shall stop."""
        while not self._is_stopping():
            with self._store.transaction() as conn:
                if count_backlog(conn) <= self._options.backlog_limit:
                    return True
                if not checkpoint(conn, progress, part):
                    return False
            time.sleep(BACKLOG_PAUSE)
        return False


def hash_stream(stream: BinaryIO) -> bytes:
    """Return the SHA-256 of a stream from its start, and put it back there."""
    hasher = hashlib.sha256()
    stream.seek(0)
    while block := stream.read(HASH_BYTES):
        hasher.update(block)
    stream.seek(0)
    return hasher.digest()


def _chunks(rows: Iterator[Row | BadRow], size: int) -> Iterator[list[Row | BadRow]]:
    while chunk := list(itertools.islice(rows, size)):
        yield chunk
