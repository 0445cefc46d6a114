"""Runs an Import CSV job: every file that fits and was not read yet."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import structlog

from coterie.base.errors import PermanentError, UserError
from coterie.base.words import counted
from coterie.connectors.files import MissingFileError, SourceFile
from coterie.control.jobs import add_log, finish
from coterie.control.jobs.schedule import next_look, overdue_since
from coterie.control.jobs.update_files import RETRY
from coterie.control.places import Places
from coterie.flow.imports.files import describe_first_reject, list_read, reopen_failed
from coterie.flow.imports.naming import choose_files, is_settled, look_of
from coterie.flow.run.imports import ImportOptions, ImportRun
from coterie.model.control import ImportCsvConfig, Job, JobLogLevel
from coterie.model.imports import CsvFormat, FileProgress, ImportTask
from coterie.worker.dependencies import Bench
from coterie.worker.runners.import_progress import JobProgress, StoppedError
from coterie.worker.runners.import_spool import Spool

log = structlog.get_logger(__name__)

SEEN = "seen"
OVERDUE = "overdue"
LATEST = "latest"


class WrongKindError(PermanentError):
    """A job came to the runner of another kind."""

    code = "wrong_job_kind"

    def __init__(self, *, job: Job) -> None:
        super().__init__(
            f"Job {job.id} is of kind {job.kind} and came to the runner of CSV imports. "
            "Delete it and create it again."
        )


class FilesFailedError(PermanentError):
    """Some files of a job can never be imported as they are."""

    code = "files_failed"

    def __init__(self, *, reasons: list[str]) -> None:
        super().__init__(" ".join(reasons))


def run_import_csv(bench: Bench, job: Job, is_stopping: Callable[[], bool]) -> None:
    """Import the files of a job in order of their age, then complete it or wait for newer ones.

    Each chunk of rows and its checkpoint are one transaction, so a killed run goes on exactly where
    it was. Returns early when the job was paused or killed, or when `is_stopping`.
    """
    if not isinstance(job.config, ImportCsvConfig):
        raise WrongKindError(job=job)
    run = _Run(bench, job, job.config, is_stopping)
    if run.import_all():
        run.conclude()


class _Run:
    """One run of one job."""

    def __init__(
        self, bench: Bench, job: Job, config: ImportCsvConfig, is_stopping: Callable[[], bool]
    ) -> None:
        self._bench = bench
        self._job = job
        self._config = config
        self._is_stopping = is_stopping
        places = Places(bench.store, bench.ring, bench.settings, bench.clock)
        self._place = places.open_source(job.authorization_id, config.folder)
        self._progress = JobProgress(bench.store, job, bench.clock, is_stopping)
        self._spool = Spool(self._place, bench.settings, self._progress)
        self._importer = ImportRun(
            bench.store,
            options=ImportOptions(
                event_limit=bench.settings.collect_event_limit_bytes,
                file_limit=bench.settings.import_file_limit_bytes,
            ),
            clock=bench.clock,
            is_stopping=is_stopping,
        )
        self._form = CsvFormat(
            delimiter=config.delimiter,
            fields=config.fields,
            timestamps=config.timestamps,
            is_braze=config.braze_format,
            names=config.names,
            header=config.header,
            encoding=config.encoding,
        )
        self._failed: list[str] = []
        self._waiting: list[str] = []

    def import_all(self) -> bool:
        """Import what is new; return whether the run came to its end."""
        for file in self._new_files():
            if self._is_stopping():
                return False
            try:
                if not self._import(file):
                    return False
            except StoppedError:
                return False
            except UserError as error:
                self._failed.append(error.message)
                self._log("file_failed", error.message, {"file": file.name}, level="error")
        return True

    def conclude(self) -> None:
        """Complete the job or put it to sleep. Raises `FilesFailedError` if that must be seen."""
        now = self._bench.clock()
        settle = timedelta(seconds=max(1, self._bench.settings.import_settle_seconds))
        again = next_look(self._config, now=now)
        if self._waiting:
            # Uploads under way are looked at again once they can be over.
            again = min(filter(None, (again, now + settle)))
        if self._failed and again is None:
            raise FilesFailedError(reasons=self._failed)
        self._warn_if_overdue()
        self._progress.save_done()
        with self._bench.store.transaction() as conn:
            finish(conn, self._job, now=now, next_run_at=again)

    def _new_files(self) -> list[SourceFile]:
        config = self._config
        found = self._place.source.list_files()
        self._place.settle()
        fitting = choose_files(found, config)
        if config.filename and not fitting:
            where = self._place.where
            raise MissingFileError(name=config.filename, folder=config.folder, where=where)
        with self._bench.store.transaction() as conn:
            if self._progress.checkpoint.pop(RETRY, False):
                reopen_failed(conn, self._job.id)
            known = list_read(conn, self._job.id)
        new = [file for file in fitting if (file.name, file.size, file.modified_at) not in known]
        return [file for file in new if self._is_settled(file)]

    def _is_settled(self, file: SourceFile) -> bool:
        """Whether a file is whole as far as one can tell; one that is not is remembered."""
        now = self._bench.clock()
        settle = timedelta(seconds=self._bench.settings.import_settle_seconds)
        seen: dict[str, Any] = self._progress.checkpoint.setdefault(SEEN, {})
        if is_settled(file, seen, now=now, settle=settle):
            seen.pop(file.name, None)
            return True
        known = seen.get(file.name)
        if known is None or known[:2] != look_of(file):
            if known is None:
                message = f"{file.name} is still being written, so it is left alone for now."
                self._log("waiting", message, {"file": file.name}, level="info")
            seen[file.name] = [*look_of(file), now.isoformat()]
        self._waiting.append(file.name)
        return False

    def _import(self, file: SourceFile) -> bool:
        self._progress.start_file(file.name)
        with self._spool.holding(file) as spooled:
            task = ImportTask(
                job_id=self._job.id,
                account=self._job.account,
                stream=self._config.stream,
                format=self._form,
                name=file.name,
                size=file.size,
                sha256=spooled.sha256,
                modified_at=file.modified_at,
                is_diff=self._config.diff,
            )
            progress = self._importer.import_file(
                task, spooled.content, checkpoint=self._progress.checkpoint_rows
            )
        if progress.state == "reading":
            return False
        self._progress.checkpoint[LATEST] = self._bench.clock().isoformat()
        self._progress.end_file(progress)
        self._note_file(task, progress)
        return True

    def _note_file(self, task: ImportTask, progress: FileProgress) -> None:
        taken = progress.rows_done - progress.rows_rejected - progress.rows_skipped
        parts = [f"{counted(taken, 'row')} imported", f"{progress.rows_rejected:,} rejected"]
        if self._config.diff:
            parts.append(f"{progress.rows_skipped:,} unchanged")
        said = f"{task.name}: {', '.join(parts)}."
        if progress.rows_rejected:
            said += self._about_rejects(task)
        context = {"file": task.name, "added": taken, "rejected": progress.rows_rejected}
        self._log("synced", said, context, level="warning" if progress.rows_rejected else "info")
        log.info("import.file.done", job=self._job.id, rows=progress.rows_done)

    def _about_rejects(self, task: ImportTask) -> str:
        with self._bench.store.transaction() as conn:
            first = describe_first_reject(conn, task)
        return (
            f" The first is in {first or 'a row that is not kept any more'}. Download the rejected "
            "rows: they say the reason of each. Correct them and import them as a file of their "
            "own."
        )

    def _warn_if_overdue(self) -> None:
        """Say once in the log that a file that was expected has not come."""
        checkpoint = self._progress.checkpoint
        since = overdue_since(
            self._config,
            latest=checkpoint.get(LATEST),
            started_at=self._job.started_at,
            now=self._bench.clock(),
        )
        if since is None:
            checkpoint.pop(OVERDUE, None)
        elif checkpoint.get(OVERDUE) != since.isoformat():
            checkpoint[OVERDUE] = since.isoformat()
            message = (
                f"No new file has come since {since:%Y-%m-%d %H:%M} UTC, and one is expected "
                f"{self._config.file_frequency}. Ask whoever sends them; the job keeps looking."
            )
            self._log("overdue", message, {}, level="error")

    def _log(self, code: str, message: str, context: dict[str, Any], *, level: JobLogLevel) -> None:
        with self._bench.store.transaction() as conn:
            add_log(
                conn,
                self._job.id,
                code,
                message,
                now=self._bench.clock(),
                level=level,
                context=context,
            )
