"""What programs do with Export to SFTP jobs: create, read which files were written."""

from collections.abc import Sequence
from typing import Any

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_201_CREATED

from coterie.api.auth import actor_of, check_scope
from coterie.api.resources import Success
from coterie.api.state import ApiState
from coterie.model.control import Grant, Job
from coterie.model.file_exports import WrittenFile

STEER_SCOPE = "data_manager"


class NewFileExport(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An Export to SFTP job to be; without authorization it writes to a local folder."""

    label: str
    options: dict[str, Any]
    description: str = ""
    authorization_id: int | None = None


@post(
    "/api/jobs/export-files",
    summary="Export an audience to files",
    tags=["jobs"],
    status_code=HTTP_201_CREATED,
    sync_to_thread=True,
)
def create_file_export(
    data: JSONBody[NewFileExport], grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[Job]:
    """Make an Export to SFTP job, which writes its first file at once."""
    check_scope(grant, STEER_SCOPE)
    made = api.dependencies.file_exports.create(
        account=grant.account,
        label=data.label,
        description=data.description,
        authorization_id=data.authorization_id,
        options=data.options,
        actor=actor_of(grant),
    )
    return Success(made, status=HTTP_201_CREATED)


@get(
    "/api/jobs/{job_id:int}/written-files",
    summary="Files that an export has written",
    tags=["jobs"],
    sync_to_thread=True,
)
def list_written_files(
    job_id: FromPath[int], grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[Sequence[WrittenFile]]:
    """Return the ledger of the files that a job has written, newest first, at most 200."""
    return Success(api.dependencies.file_exports.written(grant.account, job_id))
