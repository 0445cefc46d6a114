"""What programs learn about audiences: sizes to be and past, overlaps, the values of members."""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from litestar import MediaType, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from coterie.api.entity import split_names
from coterie.api.resources import PERSONAL_SCOPE, Success
from coterie.api.state import ApiState
from coterie.api.validate import FilterDraft
from coterie.control.scopes import allows
from coterie.model.control import Grant, SizePoint
from coterie.model.insights import Estimate, Overlap

MOST_DAYS = 3_660
MOST_VALUES = 1_000
MOST_NAMES = 200
LONGEST_LIST = 10_000

Names = Annotated[str | None, QueryParameter(max_length=LONGEST_LIST)]
Days = Annotated[int, QueryParameter(ge=1, le=MOST_DAYS)]
Values = Annotated[int, QueryParameter(ge=1, le=MOST_VALUES)]

# Sums are decimals, which would travel as text otherwise.
_encode = msgspec.json.Encoder(decimal_format="number").encode


@post(
    "/api/audiences/preview",
    summary="Estimate whom a filter would hold",
    tags=["audiences"],
    status_code=200,
    sync_to_thread=True,
)
def preview_audience(
    data: JSONBody[FilterDraft], grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[Estimate]:
    """Return a size with its error, from asking a fair draw of profiles; nothing is saved."""
    preview = api.dependencies.audiences.preview
    return Success(preview(grant.account, data.filter, data.slug))


@get(
    "/api/audiences/{slug:str}/sizes",
    summary="How large an audience was",
    tags=["audiences"],
    sync_to_thread=True,
)
def list_sizes(
    slug: FromPath[str],
    grant: NamedDependency[Grant],
    api: NamedDependency[ApiState],
    days: Days = 31,
) -> Success[Sequence[SizePoint]]:
    """Return sizes of the last `days`, oldest first, and that of now if the audience is live.

    They are kept by hour for a month, by day before that.
    """
    return Success(api.dependencies.audiences.sizes(grant.account, slug, days))


@get(
    "/api/audiences/{slug:str}/overlaps",
    summary="Members that an audience shares with others",
    tags=["audiences"],
    sync_to_thread=True,
)
def list_overlaps(
    slug: FromPath[str],
    grant: NamedDependency[Grant],
    api: NamedDependency[ApiState],
    others: Names = None,
) -> Success[Sequence[Overlap]]:
    """Return exact counts, with all other audiences unless `others` names some."""
    named = split_names(others, parameter="others", most=MOST_NAMES) or ()
    return Success(api.dependencies.audiences.overlaps(grant.account, slug, named))


@get(
    "/api/audiences/{slug:str}/fields",
    summary="The values of an audience's members",
    tags=["audiences"],
    sync_to_thread=True,
)
def report_members(
    slug: FromPath[str],
    grant: NamedDependency[Grant],
    api: NamedDependency[ApiState],
    fields: Names = None,
    limit: Values = 20,
) -> Response[bytes]:
    """Return the most common values of each field; personal fields tell only who has a value."""
    return report_fields(api, grant, slug, fields, limit)


@get("/api/fields", summary="The values of all profiles", tags=["profiles"], sync_to_thread=True)
def report_everyone(
    grant: NamedDependency[Grant],
    api: NamedDependency[ApiState],
    fields: Names = None,
    limit: Values = 20,
) -> Response[bytes]:
    """Return the most common values of each field among all profiles."""
    return report_fields(api, grant, None, fields, limit)


def report_fields(
    api: ApiState, grant: Grant, slug: str | None, fields: str | None, limit: int
) -> Response[bytes]:
    """Answer with the values of members, or of all profiles if no audience is named."""
    names = split_names(fields, parameter="fields", most=MOST_NAMES)
    hides = not allows(grant.scopes, PERSONAL_SCOPE)
    found: Any = api.dependencies.audiences.field_report(grant.account, slug, names, limit, hides)
    return Response(_encode(Success(found)), media_type=MediaType.JSON)
