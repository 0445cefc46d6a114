"""Runs an Import CSV job: every file that fits and was not read yet."""

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

import structlog

from coterie.base.errors import PermanentError, TransientError, UserError
from coterie.base.words import counted
from coterie.connectors.files import FileSource, MissingFileError, SourceFile
from coterie.connectors.local_folder import HERE, LocalFolder
from coterie.connectors.sftp import SftpFolder, read_sftp_config
from coterie.control.authorizations import open_config
from coterie.control.jobs import add_log, finish, save_progress
from coterie.flow.imports.files import list_read
from coterie.flow.run.imports import ImportOptions, ImportRun, hash_stream
from coterie.model.control import ImportCsvConfig, Job
from coterie.model.imports import CsvFormat, FileProgress, ImportTask
from coterie.store import Connection
from coterie.worker.dependencies import Bench

log = structlog.get_logger(__name__)

WATCH_SECONDS = 60.0
SPOOL = "imports-in-transit"
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
ROWS = "rows"


class WrongKindError(PermanentError):
    """A job came to the runner of another kind."""

    code = "wrong_job_kind"

    def __init__(self, *, job: Job) -> None:
        super().__init__(
            f"Job {job.id} is of kind {job.kind} and came to the runner of CSV imports. "
            "Delete it and create it again."
        )


class FileStillChangingError(TransientError):
    """A file was written to while it was read."""

    code = "file_still_changing"

    def __init__(self, *, name: str) -> None:
        super().__init__(
            f"The file {name!r} changed while it was read, so nothing of it was imported. It is "
            "tried again by itself; write files under another name and rename them when complete."
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
        self._source = _open_source(bench, job, config)
        self._importer = ImportRun(
            bench.store,
            options=ImportOptions(event_limit=bench.settings.collect_event_limit_bytes),
            clock=bench.clock,
            is_stopping=is_stopping,
        )
        self._form = CsvFormat(
            delimiter=config.delimiter,
            fields=config.fields,
            timestamps=config.timestamps,
            is_braze=config.braze_format,
        )
        # Rows of the files before the present one, of this run and of earlier ones.
        self._rows_before = int(job.checkpoint.get(ROWS, 0))
        self._failed: list[str] = []

    def import_all(self) -> bool:
        """Import what is new; return whether the run came to its end."""
        for file in self._new_files():
            if self._is_stopping():
                return False
            try:
                if not self._import(file):
                    return False
            except UserError as error:
                self._failed.append(error.message)
                self._log("file_failed", error.message, {"file": file.name}, is_error=True)
        return True

    def conclude(self) -> None:
        """Complete the job or put it to sleep. Raises `FilesFailedError` if that must be seen."""
        if self._failed and not self._config.continuous_update:
            raise FilesFailedError(reasons=self._failed)
        now = self._bench.clock()
        again = now + timedelta(seconds=WATCH_SECONDS) if self._config.continuous_update else None
        with self._bench.store.transaction() as conn:
            finish(conn, self._job, now=now, next_run_at=again)

    def _new_files(self) -> list[SourceFile]:
        config = self._config
        found = self._source.list_files()
        if config.filename:
            fitting = [file for file in found if file.name == config.filename]
            if not fitting:
                where = HERE if self._job.authorization_id is None else "on the SFTP server"
                raise MissingFileError(name=config.filename, folder=config.folder, where=where)
        else:
            fitting = [file for file in found if file.name.startswith(config.prefix)]
        with self._bench.store.transaction() as conn:
            known = list_read(conn, self._job.id)
        new = [file for file in fitting if (file.name, file.size, file.modified_at) not in known]
        return sorted(new, key=lambda file: (file.modified_at or LONG_AGO, file.name))

    def _import(self, file: SourceFile) -> bool:
        spool = self._bench.settings.data_dir / SPOOL
        spool.mkdir(parents=True, exist_ok=True)
        # Without a name in the folder, so that even a killed run leaves nothing behind.
        with tempfile.TemporaryFile(dir=spool) as copy:
            after = self._source.fetch(file.name, copy)
            if (after.size, after.modified_at) != (file.size, file.modified_at):
                raise FileStillChangingError(name=file.name)
            task = self._task(file, copy)
            progress = self._importer.import_file(task, copy, checkpoint=self._checkpoint)
        if progress.state == "reading":
            return False
        self._rows_before += progress.rows_done
        self._note_file(file, progress)
        return True

    def _task(self, file: SourceFile, copy: BinaryIO) -> ImportTask:
        return ImportTask(
            job_id=self._job.id,
            account=self._job.account,
            stream=self._config.stream,
            format=self._form,
            name=file.name,
            size=file.size,
            sha256=hash_stream(copy),
            modified_at=file.modified_at,
        )

    def _checkpoint(self, conn: Connection, progress: FileProgress, part: float) -> bool:
        done = self._rows_before + progress.rows_done
        total = self._rows_before + round(progress.rows_done / part if part else 0)
        state = save_progress(
            conn,
            self._job.id,
            checkpoint={**self._job.checkpoint, ROWS: self._rows_before},
            done=done,
            total=max(done, total),
            now=self._bench.clock(),
        )
        return state == "running"

    def _note_file(self, file: SourceFile, progress: FileProgress) -> None:
        taken = progress.rows_done - progress.rows_rejected
        rows = counted(taken, "row")
        message = f"{file.name}: {rows} imported, {progress.rows_rejected:,} rejected."
        context = {"file": file.name, "added": taken, "rejected": progress.rows_rejected}
        with self._bench.store.transaction() as conn:
            save_progress(
                conn,
                self._job.id,
                checkpoint={**self._job.checkpoint, ROWS: self._rows_before},
                done=self._rows_before,
                total=self._rows_before,
                now=self._bench.clock(),
            )
        self._log("synced", message, context, is_error=False)
        log.info("import.file.done", job=self._job.id, rows=progress.rows_done)

    def _log(self, code: str, message: str, context: dict[str, Any], *, is_error: bool) -> None:
        with self._bench.store.transaction() as conn:
            add_log(
                conn,
                self._job.id,
                code,
                message,
                now=self._bench.clock(),
                level="error" if is_error else "info",
                context=context,
            )


def _open_source(bench: Bench, job: Job, config: ImportCsvConfig) -> FileSource:
    if job.authorization_id is None:
        root = bench.settings.import_root or bench.settings.data_dir / "imports"
        return LocalFolder(config.folder, root=Path(root))
    opened = read_sftp_config(open_config(bench.store, bench.ring, job.authorization_id))
    return SftpFolder(
        opened,
        config.folder,
        allow_private_addresses=bench.settings.allow_private_addresses,
    )
