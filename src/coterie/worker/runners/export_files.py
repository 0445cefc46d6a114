"""Runs an Export to SFTP job: writes the members of an audience into a file, handed over whole."""

import gzip
import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any, BinaryIO, cast

import structlog

from coterie.base.errors import PermanentError
from coterie.base.words import counted
from coterie.connectors.files import shown_size
from coterie.connectors.parquet import convert_to_parquet
from coterie.connectors.pgp.files import encrypt
from coterie.control.definitions.audiences import get_audience
from coterie.control.definitions.pipeline import load_config
from coterie.control.jobs import add_log, finish, wait_until
from coterie.control.jobs.schedule import next_file
from coterie.control.places import OutPlace, Places
from coterie.flow.exports.rows import open_writer
from coterie.flow.exports.written import finish_written
from coterie.flow.run.snapshot import Snapshot
from coterie.model.control import Job
from coterie.model.file_exports import ExportFilesConfig, WrittenFile
from coterie.worker.dependencies import Bench
from coterie.worker.runners.export_run import RUN, Run, begin_run
from coterie.worker.runners.file_progress import FileProgress
from coterie.worker.runners.import_progress import PROGRESS, StoppedError, Stops

log = structlog.get_logger(__name__)

FOLDER = "exports-in-transit"
BLOCK = 1 << 20
# Encrypting adds a few bytes to each block and to the whole.
PGP_SHARE, PGP_ROOM = 16, 1 << 20
GZIP_LEVEL = 6
BUILDING_WAIT = timedelta(seconds=5)


class WrongKindError(PermanentError):
    """A job came to the runner of another kind."""

    code = "wrong_job_kind"

    def __init__(self, *, job: Job) -> None:
        super().__init__(
            f"Job {job.id} is of kind {job.kind} and came to the runner of exports to files. "
            "Delete it and create it again."
        )


class NoSuchMembersError(PermanentError):
    """The audience holds nobody because nobody keeps it current."""

    code = "audience_not_kept"

    def __init__(self, *, slug: str, state: str) -> None:
        super().__init__(
            f"The audience {slug!r} is {state}, so it has no members that could be written. "
            "Activate it and resume the job, or create a job with another audience."
        )


def run_export_files(bench: Bench, job: Job, is_stopping: Stops) -> None:
    """Write one file, then complete the job or wait until the next is due.

    The file is made on this machine's disk and handed over as a whole; a run that is killed begins
    again. Returns early when the job was paused or killed, or when `is_stopping`.
    """
    if not isinstance(job.config, ExportFilesConfig):
        raise WrongKindError(job=job)
    work = _Work(bench, job, job.config, is_stopping)
    try:
        if work.is_ready():
            work.write()
    except StoppedError:
        log.info("export.file.stopped", job=job.id)


class _Work:
    """One turn of a job at the bench."""

    def __init__(
        self, bench: Bench, job: Job, config: ExportFilesConfig, is_stopping: Stops
    ) -> None:
        self._bench = bench
        self._job = job
        self._config = config
        self._folder = bench.settings.data_dir / FOLDER
        self._progress = FileProgress(bench, job, is_stopping)
        places = Places(bench.store, bench.ring, bench.settings, bench.clock)
        self._place: OutPlace = places.open_target(job.authorization_id, config.folder)

    def is_ready(self) -> bool:
        """Say whether the audience can be written; one that is being built is waited for."""
        found = get_audience(self._bench.store, self._job.account, self._config.audience)
        if found.state == "building":
            now = self._bench.clock()
            with self._bench.store.transaction() as conn:
                wait_until(conn, self._job, run_at=now + BUILDING_WAIT, now=now)
            return False
        if found.state in ("draft", "archived"):
            raise NoSuchMembersError(slug=found.slug, state=found.state)
        return True

    def write(self) -> None:
        """Write a file and end the run."""
        run = begin_run(
            self._bench, self._job, self._config, place=self._place, progress=self._progress
        )
        with self._bench.store.transaction() as conn:
            account = load_config(conn).accounts[self._job.account]
        snapshot = Snapshot(account, self._config)
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._scratch() as rows:
            people, left_out = self._read_people(rows, snapshot, run)
            with self._finished(rows, snapshot, run) as ready:
                size = _size(ready)
                digest = _hash(ready)
                watch = partial(self._progress.travel, "uploading", total=size)
                self._place.target.put(run.name, ready, watch=watch, mark=run.mark)
                self._place.settle()
        self._end(run, (people, left_out), size=size, digest=digest)

    def _read_people(self, rows: BinaryIO, snapshot: Snapshot, run: Run) -> tuple[int, int]:
        """Write all rows; return how many people have one, and how many were left out."""
        people = seen = 0
        with _packing(rows, is_gzip=self._config.gzip, at=run.began_at) as target:
            writer = open_writer(target, snapshot.columns, self._config)
            for part in snapshot.read(self._bench.store, now=self._bench.clock()):
                writer.write(part.records)
                people, seen = people + len(part.records), part.seen
                self._progress.rows(part.seen, part.total, rows.tell())
        return people, seen - people

    @contextmanager
    def _finished(self, rows: BinaryIO, snapshot: Snapshot, run: Run) -> Iterator[BinaryIO]:
        """Yield the file as it is handed over."""
        if self._config.format != "parquet":
            with self._encrypted(rows, run) as ready:
                yield ready
            return
        size = _size(rows)
        self._progress.travel("converting", size, size)
        with self._scratch() as converted:
            convert_to_parquet(rows, converted, snapshot.columns)
            rows.truncate(0)
            with self._encrypted(converted, run) as ready:
                yield ready

    @contextmanager
    def _encrypted(self, plain: BinaryIO, run: Run) -> Iterator[BinaryIO]:
        plain.flush()
        if not self._place.public_key:
            yield plain
            return
        size = _size(plain)
        watch = partial(self._progress.travel, "encrypting", total=size)
        with self._scratch() as sealed:
            limit = size + size // PGP_SHARE + PGP_ROOM
            encrypt(plain, sealed, self._place.public_key, name=run.name, limit=limit, watch=watch)
            plain.truncate(0)
            yield sealed

    @contextmanager
    def _scratch(self) -> Iterator[BinaryIO]:
        # Without names in the folder, so that even a killed run leaves nothing behind.
        with tempfile.TemporaryFile(dir=self._folder) as file:
            yield cast("BinaryIO", file)

    def _end(self, run: Run, counts: tuple[int, int], *, size: int, digest: str) -> None:
        now = self._bench.clock()
        people, left_out = counts
        written = WrittenFile(
            name=run.name,
            state="done",
            people=people,
            left_out=left_out,
            size=size,
            sha256=digest,
            started_at=run.began_at,
            finished_at=now,
        )
        said = f"{run.name}: {counted(people, 'row')}, {shown_size(size)}"
        if left_out:
            said += f"; {counted(left_out, 'member')} left out"
        context: dict[str, Any] = {"file": run.name, "added": people, "omitted": left_out}
        with self._bench.store.transaction() as conn:
            finish_written(conn, self._job.id, written)
            self._progress.end(conn, keys=(RUN, PROGRESS))
            add_log(conn, self._job.id, "synced", f"{said}.", now=now, context=context)
            finish(conn, self._job, now=now, next_run_at=next_file(self._config, now=now))
        log.info("export.file.done", job=self._job.id, rows=people, bytes=size)


@contextmanager
def _packing(target: BinaryIO, *, is_gzip: bool, at: datetime) -> Iterator[BinaryIO]:
    """Yield what to write to; all of it is in `target` afterwards."""
    if not is_gzip:
        yield target
        return
    # Without a name in its head, which would be that of our scratch file.
    packed = gzip.GzipFile(
        filename="", mode="wb", compresslevel=GZIP_LEVEL, fileobj=target, mtime=at.timestamp()
    )
    with packed:
        yield cast("BinaryIO", packed)


def _size(file: BinaryIO) -> int:
    file.seek(0, 2)
    size = file.tell()
    file.seek(0)
    return size


def _hash(file: BinaryIO) -> str:
    hasher = hashlib.sha256()
    while block := file.read(BLOCK):
        hasher.update(block)
    file.seek(0)
    return hasher.hexdigest()
