"""What data engineers read: audiences, jobs, profiles of the token's account."""

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

import msgspec
from litestar import MediaType, Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from coterie.api.auth import check_scope, presented_token
from coterie.api.state import ApiState
from coterie.base.errors import UserError
from coterie.control.scopes import allows
from coterie.model.control import Audience, Grant, Job

READ_SCOPE = "observer"
PERSONAL_SCOPE = "data_manager"
"""What a token needs before it is shown personal data."""

T = TypeVar("T")


class UnknownProfileError(UserError):
    """No profile has such an identifier."""

    code = "unknown_profile"

    def __init__(self, *, field: str) -> None:
        super().__init__(
            f"No profile has this value as {field!r}. Check the field's name, and whether the "
            "value is written as the field normalises it."
        )


class Success(msgspec.Struct, Generic[T], frozen=True):
    """The body of a successful answer."""

    data: T
    status: int = 200
    message: str = "success"


async def find_grant(request: Request[Any, Any, Any], api: NamedDependency[ApiState]) -> Grant:
    """Return what the request's token allows; it must cover reading."""
    token = presented_token(request.query_params, request.headers.get("authorization", ""))
    grant = await api.tokens.get_grant(token)
    check_scope(grant, READ_SCOPE)
    return grant


# Sums are decimals, which would travel as text otherwise.
_encode_exactly = msgspec.json.Encoder(decimal_format="number").encode


@get("/api/audiences", summary="All audiences", tags=["audiences"], sync_to_thread=True)
def list_audiences(
    grant: NamedDependency[Grant], api: NamedDependency[ApiState], tag: FromQuery[str | None] = None
) -> Success[Sequence[Audience]]:
    """Return the account's audiences with their exact sizes; `tag` asks for those that bear it."""
    return Success(api.dependencies.list_audiences(grant.account, tag=tag))


@get("/api/audiences/{slug:str}", summary="One audience", tags=["audiences"], sync_to_thread=True)
def get_audience(
    slug: FromPath[str], grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[Audience]:
    """Return one audience by its slug."""
    return Success(api.dependencies.get_audience(grant.account, slug))


@get("/api/jobs", summary="All jobs", tags=["jobs"], sync_to_thread=True)
def list_jobs(
    grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[Sequence[Job]]:
    """Return the account's jobs with their states."""
    return Success(api.dependencies.list_jobs(grant.account))


@get(
    "/api/profiles/{field:str}/{value:str}",
    summary="One profile",
    tags=["profiles"],
    sync_to_thread=True,
)
def get_profile(
    field: FromPath[str],
    value: FromPath[str],
    grant: NamedDependency[Grant],
    api: NamedDependency[ApiState],
) -> Response[bytes]:
    """Return the profile that an identifier belongs to; sums are numbers, however long.

    Personal values are left empty unless the token may see them.
    """
    profile = api.dependencies.find_profile(grant.account, field, value)
    if profile is None:
        raise UnknownProfileError(field=field)
    if not allows(grant.scopes, PERSONAL_SCOPE):
        profile = api.dependencies.entities.veil(grant.account, ()).profile(profile)
    return Response(_encode_exactly(Success(profile)), media_type=MediaType.JSON)


@get(
    "/api/profiles/{field:str}/{value:str}/audiences/{slug:str}",
    summary="Why a profile is in an audience, or not",
    tags=["profiles"],
    sync_to_thread=True,
)
def explain_membership(
    field: FromPath[str],
    value: FromPath[str],
    slug: FromPath[str],
    grant: NamedDependency[Grant],
    api: NamedDependency[ApiState],
) -> Response[bytes]:
    """Return the audience's filter with what each condition answers, and why.

    Personal values that conditions looked at are left out unless the token may see them.
    """
    audience = api.dependencies.get_audience(grant.account, slug)
    found = api.dependencies.explain_membership(grant.account, (field, value), audience)
    if found is None:
        raise UnknownProfileError(field=field)
    if not allows(grant.scopes, PERSONAL_SCOPE):
        found = api.dependencies.entities.veil(grant.account, ()).explanation(found)
    return Response(_encode_exactly(Success(found)), media_type=MediaType.JSON)
