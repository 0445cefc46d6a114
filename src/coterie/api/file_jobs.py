"""What programs do with jobs that read or write files: look, create, ask what became of them."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from litestar import MediaType, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.response import Stream
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED

from coterie.api.auth import actor_of, check_scope
from coterie.api.collected import encode_preview
from coterie.api.resources import PERSONAL_SCOPE, Success
from coterie.api.state import ApiState
from coterie.model.control import Grant, Job
from coterie.model.file_exports import WrittenFile
from coterie.model.imports import ImportedFile
from coterie.model.previews import USUAL_ROWS

STEER_SCOPE = "data_manager"


class NewFileJob(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A job to be that reads or writes files; without authorization those of a local folder."""

    options: dict[str, Any]
    label: str = ""
    description: str = ""
    authorization_id: int | None = None


class NewLook(NewFileJob, frozen=True):
    """An Import CSV job that may be, and how many rows of its newest file are tried, 1 to 100."""

    rows: int = USUAL_ROWS


@post(
    "/api/jobs/import-csv",
    summary="Import CSV files",
    tags=["jobs"],
    status_code=HTTP_201_CREATED,
    sync_to_thread=True,
)
def create_import(
    data: JSONBody[NewFileJob], grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[Job]:
    """Make an Import CSV job, which starts at once."""
    return _create(api.dependencies.files.create_import, data, grant)


@post(
    "/api/jobs/export-files",
    summary="Export an audience to files",
    tags=["jobs"],
    status_code=HTTP_201_CREATED,
    sync_to_thread=True,
)
def create_file_export(
    data: JSONBody[NewFileJob], grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[Job]:
    """Make an Export to SFTP job, which writes its first file at once."""
    return _create(api.dependencies.files.create_export, data, grant)


@post(
    "/api/jobs/import-csv/look",
    summary="Look at files before importing them",
    tags=["jobs"],
    status_code=HTTP_200_OK,
    sync_to_thread=True,
)
def look_at_files(
    data: JSONBody[NewLook], grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Response[bytes]:
    """Return which files fit, what the newest holds, and what its first rows make of people."""
    check_scope(grant, STEER_SCOPE)
    check_scope(grant, PERSONAL_SCOPE)
    found = api.dependencies.files.look(
        account=grant.account,
        authorization_id=data.authorization_id,
        options=data.options,
        rows=data.rows,
    )
    return Response(encode_preview(Success(found)), media_type=MediaType.JSON)


@get(
    "/api/jobs/{job_id:int}/files",
    summary="Files that an import has read",
    tags=["jobs"],
    sync_to_thread=True,
)
def list_imported_files(
    job_id: FromPath[int], grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[Sequence[ImportedFile]]:
    """Return the ledger of an import's files, newest first, at most 200."""
    return Success(api.dependencies.files.read(grant.account, job_id))


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
    return Success(api.dependencies.files.written(grant.account, job_id))


@get(
    "/api/jobs/{job_id:int}/rejected-rows",
    summary="Rows that an import left out",
    tags=["jobs"],
    sync_to_thread=True,
)
def get_rejected_rows(
    job_id: FromPath[int], grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Stream:
    """Return the rows that an import left out as CSV: file, line, column, reason, row."""
    check_scope(grant, PERSONAL_SCOPE)
    lines = api.dependencies.files.rejected_rows(grant.account, job_id)
    return Stream(iter(lines), media_type="text/csv; charset=utf-8")


def _create(create: Callable[..., Job], data: NewFileJob, grant: Grant) -> Success[Job]:
    check_scope(grant, STEER_SCOPE)
    made = create(
        account=grant.account,
        label=data.label,
        description=data.description,
        authorization_id=data.authorization_id,
        options=data.options,
        actor=actor_of(grant),
    )
    return Success(made, status=HTTP_201_CREATED)
