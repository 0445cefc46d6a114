"""Making Export to SFTP jobs."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from coterie.control.authorizations import get_authorization
from coterie.control.definitions.change import Change
from coterie.control.existing import require_account
from coterie.control.jobs.create import insert_job, require_provider
from coterie.control.jobs.errors import BadJobError
from coterie.control.jobs.export_checks import check_label
from coterie.control.jobs.file_checks import (
    SOME_INSTANT,
    check_file_export,
    check_file_names,
    read_file_export,
)
from coterie.control.jobs.states import ENDED
from coterie.control.readable import check_is_writable
from coterie.control.rows import list_all, to_json
from coterie.model.control import Actor, Job
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
        values = {
            "account": account,
            "kind": "export_files",
            "label": label,
            "description": description.strip(),
            "authorization_id": authorization_id,
            "destination_id": None,
            "config": to_json(checked),
            "state": "runnable",
            "run_at": now,
            "started_at": None,
        }
        return insert_job(Change(conn, now), values, actor=actor)


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
