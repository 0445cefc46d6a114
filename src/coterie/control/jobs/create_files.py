"""Making jobs that read or write files: everything they name is checked first."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from coterie.control.authorizations import get_authorization
from coterie.control.definitions.change import Change
from coterie.control.definitions.streams import ensure_in
from coterie.control.existing import require_account
from coterie.control.jobs.create import insert_job, require_provider
from coterie.control.jobs.errors import BadJobError
from coterie.control.jobs.export_checks import check_label, kind_of
from coterie.control.jobs.file_checks import (
    SOME_INSTANT,
    check_file_export,
    check_file_names,
    read_file_export,
)
from coterie.control.jobs.import_checks import check_import, read_import
from coterie.control.jobs.states import ENDED
from coterie.control.readable import check_is_readable, check_is_writable
from coterie.control.rows import find_one, list_all, to_json
from coterie.control.sealed import SealedConfig
from coterie.model.control import Actor, ImportCsvConfig, Job
from coterie.model.file_exports import ExportFilesConfig
from coterie.store import Connection, Store, load_queries


def create_export_files(  # noqa: PLR0913 - the job form, spelled out
    store: Store,
    *,
    account: int,
    label: str,
    description: str = "",
    authorization_id: int | None,
    config: ExportFilesConfig | Mapping[str, Any],
    actor: Actor,
    now: datetime,
) -> Job:
    """Make an Export to SFTP job, whose first file is written at once.

    Without authorization it writes to the folder `exports` of the data folder. Raises BadJobError,
    UnknownAudienceError, UnknownFieldError, UnknownAuthorizationError, ImportOnlyError,
    UnknownAccountError.
    """
    label = check_label(label)
    checked = check_file_export(read_file_export(config))
    if authorization_id is not None:
        found = get_authorization(store, account, authorization_id)
        check_is_writable(label=found.label, method=found.method, config=found.public_config)
    with store.transaction() as conn:
        require_account(conn, account)
        if authorization_id is not None:
            require_provider(conn, account, authorization_id, provider="sftp")
        check_file_names(conn, account, checked)
        check_is_alone(conn, account, authorization_id, checked)
        job = {"account": account, "authorization_id": authorization_id, "label": label}
        job["description"] = description.strip()
        return _insert(Change(conn, now), job, checked, actor=actor)


def create_import_csv(  # noqa: PLR0913 - the job form, spelled out
    store: Store,
    *,
    account: int,
    label: str,
    description: str = "",
    authorization_id: int | None,
    config: ImportCsvConfig | Mapping[str, Any],
    actor: Actor,
    now: datetime,
) -> Job:
    """Make an Import CSV job, due at once; without authorization it reads a local folder.

    A stream that does not exist yet is made. Raises BadJobError, BadStreamNameError,
    UnknownAuthorizationError, UnknownAccountError.
    """
    label = check_label(label)
    checked = check_import(read_import(config), is_local=authorization_id is None)
    with store.transaction() as conn:
        require_account(conn, account)
        if authorization_id is not None:
            require_provider(conn, account, authorization_id, provider="sftp")
            _require_readable(conn, account, authorization_id)
        ensure_in(conn, account, [checked.stream], actor=actor, now=now)
        job = {"account": account, "authorization_id": authorization_id, "label": label}
        job["description"] = description.strip()
        return _insert(Change(conn, now), job, checked, actor=actor)


def check_is_alone(
    conn: Connection,
    account: int,
    authorization_id: int | None,
    config: ExportFilesConfig,
    *,
    but: int = 0,
) -> None:
    """Raise BadJobError if the files of a job, `but` one, would take the place of these."""
    values = {"account": account, "with_deleted": False}
    name = config.file_name(at=SOME_INSTANT, is_encrypted=False)
    for job in list_all(conn, load_queries("jobs").list_jobs, values, row=Job):
        other = job.config
        if (
            isinstance(other, ExportFilesConfig)
            and job.id != but
            and job.state not in ENDED
            and job.authorization_id == authorization_id
            and other.folder.strip("/") == config.folder.strip("/")
            and other.file_name(at=SOME_INSTANT, is_encrypted=False) == name
        ):
            raise BadJobError(
                message=f"Job {job.id} ({job.label}) writes files of this name into the same "
                "folder. Choose another name or folder, so that neither takes the other's place."
            )


def _require_readable(conn: Connection, account: int, authorization_id: int) -> None:
    values = {"account": account, "authorization_id": authorization_id}
    sealed = find_one(conn, load_queries("authorizations").find_sealed, values, row=SealedConfig)
    if sealed is not None:
        check_is_readable(sealed)


def _insert(
    change: Change,
    job: Mapping[str, Any],
    config: ExportFilesConfig | ImportCsvConfig,
    *,
    actor: Actor,
) -> Job:
    row = {
        **job,
        "kind": kind_of(config),
        "destination_id": None,
        "config": to_json(config),
        "state": "runnable",
        "run_at": change.now,
        "started_at": None,
    }
    return insert_job(change, row, actor=actor)
