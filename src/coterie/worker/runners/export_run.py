"""Begins a run of an Export to SFTP job: where its file goes, and that nothing is in its way."""

from datetime import datetime

import msgspec
import structlog

from coterie.base.errors import PermanentError, UserError
from coterie.base.ids import random_token
from coterie.control.places import OutPlace, Places
from coterie.flow.exports.written import give_up_written, has_written, start_written
from coterie.model.control import Job
from coterie.model.file_exports import ExportFilesConfig
from coterie.worker.dependencies import Bench
from coterie.worker.runners.file_progress import FileProgress

log = structlog.get_logger(__name__)

RUN = "run"


class FileInTheWayError(PermanentError):
    """Where a file shall be written lies one of somebody else."""

    code = "file_in_the_way"

    def __init__(self, *, name: str, folder: str) -> None:
        where = f"The folder {folder!r}" if folder else "The folder"
        super().__init__(
            f"{where} holds {name!r} already, which no job of this account wrote, so it was left "
            "as it is. Rename or remove it there, or give the job another file name or folder; "
            "then resume the job."
        )


class Run(msgspec.Struct, frozen=True):
    """One run: where its file goes, and by which mark it goes while it is unfinished.

    All stay when it has to begin again, so that it takes the place of what it had written; a
    change of the job may give it another name or folder. `folder` is None if the run was begun by
    a version that did not keep it.
    """

    name: str
    mark: str
    began_at: datetime
    folder: str | None = None


def begin_run(
    bench: Bench, job: Job, config: ExportFilesConfig, *, place: OutPlace, progress: FileProgress
) -> Run:
    """Return the run under way, or a new one, written down in the checkpoint and in the ledger.

    `place` is the folder that the job names now. Raises FileInTheWayError, StoppedError, and what
    the place raises.
    """
    told = progress.checkpoint.get(RUN)
    before = None if told is None else msgspec.convert(told, Run)
    began_at = bench.clock() if before is None else before.began_at
    run = Run(
        # Another than before if the job was changed meanwhile.
        name=config.file_name(at=began_at, is_encrypted=bool(place.public_key)),
        mark=random_token()[:8] if before is None else before.mark,
        began_at=began_at,
        folder=config.folder,
    )
    if before is None or _is_elsewhere(before, run):
        _check_is_free(bench, job, run, place)
    if before is not None and _is_elsewhere(before, run):
        _tidy(bench, job, before)
    progress.start(run.name)
    progress.checkpoint[RUN] = msgspec.to_builtins(run)
    with bench.store.transaction() as conn:
        if before is not None and before.name != run.name:
            give_up_written(conn, job.id, before.name)
        start_written(conn, job.id, run.name, folder=config.folder, now=bench.clock())
    progress.save()
    return run


def _is_elsewhere(before: Run, run: Run) -> bool:
    return before.name != run.name or before.folder not in (None, run.folder)


def _check_is_free(bench: Bench, job: Job, run: Run, place: OutPlace) -> None:
    folder = run.folder or ""
    with bench.store.transaction() as conn:
        is_ours = has_written(conn, job, run.name, folder=folder)
    if not is_ours and place.target.holds(run.name):
        raise FileInTheWayError(name=run.name, folder=folder)


def _tidy(bench: Bench, job: Job, before: Run) -> None:
    """Remove what a process that was killed left of a file that goes elsewhere now."""
    if before.folder is None:
        return
    places = Places(bench.store, bench.ring, bench.settings, bench.clock)
    try:
        place = places.open_target(job.authorization_id, before.folder)
        place.target.discard(before.name, before.mark)
    except UserError as error:
        # A folder that jobs may not use any more holds up no file in another one.
        log.warning("export.file.left_behind", job=job.id, error=error.code)
