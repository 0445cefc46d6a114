"""Binds what doors ask about files to the store and to the places of files."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from coterie.api.dependencies import FileCalls
from coterie.app.bulk_process import make_previewer
from coterie.app.services import Services
from coterie.control.jobs import create_export_files, create_import_csv, get_job
from coterie.control.jobs.import_checks import check_import, read_import
from coterie.control.places import Places
from coterie.flow.exports.written import list_written
from coterie.flow.imports.files import list_files, list_rejects
from coterie.flow.run.look import FileLooker, Source
from coterie.model.control import ImportCsvConfig, Job
from coterie.model.file_exports import WrittenFile
from coterie.model.imports import ImportedFile
from coterie.model.previews import USUAL_ROWS, FilesLook

COLUMNS = ("file", "line", "column", "reason", "row")


class FileDesk:
    """Answers what doors ask about files of an account."""

    def __init__(self, services: Services) -> None:
        self._store = services.store
        self._places = Places(services.store, services.ring, services.settings, services.clock)
        settle = timedelta(seconds=services.settings.import_settle_seconds)
        self._looker = FileLooker(partial(make_previewer, services), services.clock, settle)

    def look(
        self,
        account: int,
        authorization_id: int | None,
        config: ImportCsvConfig,
        *,
        rows: int = USUAL_ROWS,
    ) -> FilesLook:
        """Return the files that fit a job's options, and a look into rows of the newest.

        Raises BadLookError.
        """
        place = self._places.open_source(authorization_id, config.folder, account=account)
        found = self._looker.look(account, Source(place.source, place.key), config, rows=rows)
        place.settle()
        return found

    def files(self, account: int, job_id: int) -> list[ImportedFile]:
        """Return the ledger of a job, newest first. Raises UnknownJobError."""
        get_job(self._store, account, job_id)
        with self._store.transaction() as conn:
            return list_files(conn, job_id)

    def written(self, account: int, job_id: int) -> list[WrittenFile]:
        """Return the files that a job has written, newest first. Raises UnknownJobError."""
        get_job(self._store, account, job_id)
        with self._store.transaction() as conn:
            return list_written(conn, job_id)

    def rejected_rows(self, account: int, job_id: int) -> Iterator[str]:
        """Return the rows that a job left out as CSV, some lines at a time.

        Raises UnknownJobError at once.
        """
        get_job(self._store, account, job_id)
        return self._rejected_lines(job_id)

    def _rejected_lines(self, job_id: int) -> Iterator[str]:
        yield _lines([COLUMNS])
        after: int | None = 0
        while after is not None:
            # A transaction a page: whoever reads slowly holds no connection meanwhile.
            with self._store.transaction() as conn:
                rows, after = list_rejects(conn, job_id, after)
            yield _lines([(one.name, one.line, one.column, one.reason, one.raw) for one in rows])


def file_calls(services: Services) -> FileCalls:
    """Return the functions that the API calls."""
    desk = FileDesk(services)

    def look(
        *, account: int, authorization_id: int | None, options: Mapping[str, Any], rows: int
    ) -> FilesLook:
        config = check_import(
            read_import({"stream": "default", **options}), is_local=authorization_id is None
        )
        return desk.look(account, authorization_id, config, rows=rows)

    return FileCalls(
        create_import=_creator(services, create_import_csv),
        create_export=_creator(services, create_export_files),
        look=look,
        read=desk.files,
        written=desk.written,
        rejected_rows=desk.rejected_rows,
    )


def _creator(services: Services, create: Callable[..., Job]) -> Callable[..., Job]:
    def create_now(*, options: Mapping[str, Any], **asked: Any) -> Job:
        return create(services.store, config=options, now=services.clock(), **asked)

    return create_now


def _lines(rows: Iterable[Sequence[object]]) -> str:
    into = io.StringIO()
    csv.writer(into).writerows(rows)
    return into.getvalue()
