"""What programs do with Import CSV jobs: look, create, read what became of the files."""

from collections.abc import Sequence
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
from coterie.model.imports import ImportedFile
from coterie.model.previews import USUAL_ROWS

STEER_SCOPE = "data_manager"


class NewImport(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An Import CSV job to be; without authorization it reads a local folder."""

    options: dict[str, Any]
    label: str = ""
    description: str = ""
    authorization_id: int | None = None


class NewLook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An Import CSV job that may be, and how many rows of its newest file are tried, 1 to 100."""

    options: dict[str, Any]
    authorization_id: int | None = None
    rows: int = USUAL_ROWS
    label: str = ""
    description: str = ""


@post(
    "/api/jobs/import-csv",
    summary="Import CSV files",
    tags=["jobs"],
    status_code=HTTP_201_CREATED,
    sync_to_thread=True,
)
def create_import(
    data: JSONBody[NewImport], grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[Job]:
    """Make an Import CSV job, which starts at once."""
    check_scope(grant, STEER_SCOPE)
    made = api.dependencies.imports.create(
        account=grant.account,
        label=data.label,
        description=data.description,
        authorization_id=data.authorization_id,
        options=data.options,
        actor=actor_of(grant),
    )
    return Success(made, status=HTTP_201_CREATED)


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
    found = api.dependencies.imports.look(
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
    return Success(api.dependencies.imports.files(grant.account, job_id))


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
    lines = api.dependencies.imports.rejected_rows(grant.account, job_id)
    return Stream(iter(lines), media_type="text/csv; charset=utf-8")
