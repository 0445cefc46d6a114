"""What programs do with jobs: export audiences, try that dry, change it, steer it."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec
from litestar import delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED

from coterie.api.auth import actor_of, check_scope
from coterie.api.resources import PERSONAL_SCOPE, Success
from coterie.api.state import ApiState
from coterie.control.scopes import allows
from coterie.model.control import Grant, Job
from coterie.model.dry_run import DryRun, FeedDryRun
from coterie.model.views import IdentifierView, OmittedView

STEER_SCOPE = "data_manager"
MOST_OMITTED = 10_000


class NewExport(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An Export Audience job to be; `options` are those of docs/reference/export-jobs.md."""

    label: str
    authorization_id: int
    options: dict[str, Any]
    description: str = ""


class JobChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What of a job shall change; what is not given stays."""

    label: str | None = None
    description: str | None = None
    options: dict[str, Any] = {}
    clean_up: bool = False


class NewDryRun(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An export to count: a new one of an authorization, or a job with other options.

    Of jobs that send events on those of the last `days` are counted.
    """

    options: dict[str, Any] = {}
    authorization_id: int | None = None
    job_id: int | None = None
    clean_up: bool = False
    days: Annotated[int, msgspec.Meta(ge=1, le=90)] = 7


@get("/api/jobs/{job_id:int}", summary="One job", tags=["jobs"], sync_to_thread=True)
def get_job(
    job_id: FromPath[int], grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[Job]:
    """Return one job with its options, state and progress."""
    return Success(api.dependencies.jobs.get(grant.account, job_id))


@post(
    "/api/jobs/export-audience",
    summary="Export audiences",
    tags=["jobs"],
    status_code=HTTP_201_CREATED,
    sync_to_thread=True,
)
def create_export(
    data: JSONBody[NewExport], grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[Job]:
    """Make an Export Audience job, which starts at once."""
    check_scope(grant, STEER_SCOPE)
    made = api.dependencies.jobs.create_export(
        account=grant.account,
        label=data.label,
        description=data.description,
        authorization_id=data.authorization_id,
        config=data.options,
        actor=actor_of(grant),
    )
    return Success(made, status=HTTP_201_CREATED)


@put("/api/jobs/{job_id:int}", summary="Change a job", tags=["jobs"], sync_to_thread=True)
def update_job(
    job_id: FromPath[int],
    data: JSONBody[JobChange],
    grant: NamedDependency[Grant],
    api: NamedDependency[ApiState],
) -> Success[Job]:
    """Change a job while it goes on; with `clean_up` what an export gives up is taken away."""
    check_scope(grant, STEER_SCOPE)
    changed = api.dependencies.jobs.update(
        account=grant.account,
        job_id=job_id,
        label=data.label,
        description=data.description,
        options=data.options,
        clean_up=data.clean_up,
        actor=actor_of(grant),
    )
    return Success(changed)


@post(
    "/api/jobs/dry-run",
    summary="What an export would do",
    tags=["jobs"],
    status_code=HTTP_200_OK,
    sync_to_thread=True,
)
def run_dry(
    data: JSONBody[NewDryRun], grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[DryRun | FeedDryRun]:
    """Count what an export would send, to whom, and at what cost; nothing is written or sent."""
    check_scope(grant, STEER_SCOPE)
    runs = api.dependencies.jobs
    if data.job_id is not None:
        found = runs.dry_run_change(
            account=grant.account,
            job_id=data.job_id,
            options=data.options,
            clean_up=data.clean_up,
            days=data.days,
        )
    else:
        found = runs.dry_run_new(
            account=grant.account,
            authorization_id=data.authorization_id or 0,
            config=data.options,
            days=data.days,
        )
    return Success(found)


@post(
    "/api/jobs/{job_id:int}/{step:str}",
    summary="Pause, resume or kill a job",
    tags=["jobs"],
    status_code=HTTP_200_OK,
    sync_to_thread=True,
)
def steer_job(
    job_id: FromPath[int],
    step: FromPath[Literal["pause", "resume", "kill"]],
    grant: NamedDependency[Grant],
    api: NamedDependency[ApiState],
    clean_up: FromQuery[bool] = False,
) -> Success[Job]:
    """Take a step with a job; `clean_up` has a killed export take away what it wrote first."""
    check_scope(grant, STEER_SCOPE)
    asked: dict[str, Any] = {"clean_up": clean_up} if step == "kill" else {}
    call = getattr(api.dependencies.jobs, step)
    return Success(call(account=grant.account, job_id=job_id, actor=actor_of(grant), **asked))


@delete(
    "/api/jobs/{job_id:int}",
    summary="Delete a job",
    tags=["jobs"],
    status_code=HTTP_200_OK,
    sync_to_thread=True,
)
def delete_job(
    job_id: FromPath[int],
    grant: NamedDependency[Grant],
    api: NamedDependency[ApiState],
    clean_up: FromQuery[bool] = False,
) -> Success[Job]:
    """Stop a job for good and take it off the list; `clean_up` as for killing."""
    check_scope(grant, STEER_SCOPE)
    ended = api.dependencies.jobs.delete(
        account=grant.account, job_id=job_id, clean_up=clean_up, actor=actor_of(grant)
    )
    return Success(ended)


@get(
    "/api/jobs/{job_id:int}/omitted",
    summary="Whom an export omits",
    tags=["jobs"],
    sync_to_thread=True,
)
def list_omitted(
    job_id: FromPath[int],
    grant: NamedDependency[Grant],
    api: NamedDependency[ApiState],
    limit: Annotated[int, QueryParameter(ge=1, le=MOST_OMITTED)] = 100,
) -> Success[Sequence[OmittedView]]:
    """Return people whom an export does not send, with the reason, those omitted last first.

    Identifiers are left empty unless the token may see personal data.
    """
    api.dependencies.jobs.get(grant.account, job_id)
    found: Sequence[OmittedView] = api.dependencies.jobs.omitted(grant.account, job_id, limit)
    if not allows(grant.scopes, PERSONAL_SCOPE):
        found = [_redact(one) for one in found]
    return Success(found)


def _redact(one: OmittedView) -> OmittedView:
    hidden = tuple(
        IdentifierView(field=each.field, value="", is_redacted=True) for each in one.identifiers
    )
    return msgspec.structs.replace(one, identifiers=hidden)
