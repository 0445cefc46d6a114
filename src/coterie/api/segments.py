"""The segment API that Lytics' clients speak: audiences under their other name."""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from litestar import MediaType, Response, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from coterie.api.audiences import SAVE_SCOPE, filter_text
from coterie.api.auth import actor_of, check_scope
from coterie.api.entity import show_entity
from coterie.api.insights import Names, Values, report_fields
from coterie.api.resources import PERSONAL_SCOPE, Success
from coterie.api.segment_shapes import (
    KIND,
    TABLE,
    Segment,
    SegmentBody,
    SegmentFilterError,
    SegmentSize,
    SegmentSummary,
    check_kind,
    check_order,
    sized,
    slug_for,
    summed_up,
    to_segment,
)
from coterie.api.state import ApiState
from coterie.control.definitions.audiences import UnknownAudienceError
from coterie.control.scopes import allows
from coterie.model.control import Audience, Grant, Job

MOST_SCANNED = 1_000

Limit = Annotated[int, QueryParameter(ge=1, le=MOST_SCANNED)]


class Scan(msgspec.Struct, frozen=True, rename={"next_": "_next"}):
    """A page of an audience's members; `_next` goes into `start` of the next request."""

    data: list[dict[str, Any]]
    total: int
    next_: str
    status: int = 200
    message: str = "success"


# Sums are decimals, which would travel as text otherwise.
_encode = msgspec.json.Encoder(decimal_format="number").encode


@get(
    ["/v2/segment", "/api/segment"],
    summary="All segments",
    tags=["segments"],
    sync_to_thread=True,
)
def list_segments(
    grant: NamedDependency[Grant],
    api: NamedDependency[ApiState],
    sizes: FromQuery[bool] = False,
    tag: FromQuery[str | None] = None,
    table: FromQuery[str] = TABLE,
    kind: FromQuery[str] = KIND,
) -> Success[Sequence[Segment]]:
    """Return the audiences as segments, with their sizes if asked; `tag`: those that bear it."""
    check_kind(kind, table)
    found = api.dependencies.list_audiences(grant.account, tag=tag)
    return Success([to_segment(one, with_size=sizes) for one in found])


@post(
    ["/v2/segment", "/api/segment"],
    summary="Make a segment",
    tags=["segments"],
    sync_to_thread=True,
)
def create_segment(
    data: JSONBody[SegmentBody], grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[Segment]:
    """Make an audience of a segment's description."""
    check_scope(grant, SAVE_SCOPE)
    text = filter_text(data.segment_ql, data.ast)
    if text is None:
        raise SegmentFilterError
    made = api.dependencies.audiences.create(
        account=grant.account,
        slug=slug_for(data),
        name=data.name or slug_for(data),
        description=data.description or "",
        filter_text=text,
        expires_at=None if data.expires_at is msgspec.UNSET else data.expires_at,
        tags=data.labels or (),
        is_public=data.is_public is True,
        actor=actor_of(grant),
    )
    return Success(to_segment(made), status=201)


@get(
    ["/v2/segment/{name:str}", "/api/segment/{name:str}"],
    summary="One segment",
    tags=["segments"],
    sync_to_thread=True,
)
def get_segment(
    name: FromPath[str],
    grant: NamedDependency[Grant],
    api: NamedDependency[ApiState],
    sizes: FromQuery[bool] = False,
    inline: FromQuery[bool] = False,
) -> Success[Segment]:
    """Return a segment by slug or number; `inline` adds its filter with all that it includes."""
    found = _find(api, grant, name)
    resolved = api.dependencies.audiences.inline(grant.account, found.slug) if inline else None
    return Success(to_segment(found, with_size=sizes, resolved=resolved))


@put("/v2/segment/{name:str}", summary="Change a segment", tags=["segments"], sync_to_thread=True)
def update_segment(
    name: FromPath[str],
    data: JSONBody[SegmentBody],
    grant: NamedDependency[Grant],
    api: NamedDependency[ApiState],
) -> Success[Segment]:
    """Change what is given; the slug stays."""
    check_scope(grant, SAVE_SCOPE)
    found, calls, actor = (
        _find(api, grant, name),
        api.dependencies.audiences,
        actor_of(grant),
    )
    if not isinstance(data.expires_at, msgspec.UnsetType):
        calls.set_expiry(
            account=grant.account, slug=found.slug, expires_at=data.expires_at, actor=actor
        )
    changed = calls.update(
        account=grant.account,
        slug=found.slug,
        name=data.name,
        description=data.description,
        filter_text=filter_text(data.segment_ql, data.ast),
        tags=data.labels,
        is_public=data.is_public,
        actor=actor,
    )
    return Success(to_segment(changed))


@delete(
    "/v2/segment/{name:str}",
    summary="Archive a segment",
    tags=["segments"],
    status_code=200,
    sync_to_thread=True,
)
def delete_segment(
    name: FromPath[str], grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[Segment]:
    """Archive an audience; who needs it stands in the error that refuses."""
    check_scope(grant, SAVE_SCOPE)
    found = _find(api, grant, name)
    archive = api.dependencies.audiences.archive
    gone = archive(account=grant.account, slug=found.slug, actor=actor_of(grant))
    return Success(to_segment(gone))


@get(
    "/v2/segment/{name:str}/ancestors",
    summary="Segments that include one",
    tags=["segments"],
    sync_to_thread=True,
)
def list_ancestors(
    name: FromPath[str], grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[Sequence[Segment]]:
    """Return the segments that include this one, directly or through others."""
    found = _find(api, grant, name)
    slugs = api.dependencies.audiences.dependents(grant.account, found.slug)
    every = api.dependencies.list_audiences(grant.account)
    return Success([to_segment(one) for one in every if one.slug in slugs])


@get(
    "/v2/segment/{name:str}/jobs",
    summary="Jobs of a segment",
    tags=["segments"],
    sync_to_thread=True,
)
def list_segment_jobs(
    name: FromPath[str], grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[Sequence[Job]]:
    """Return the jobs that send a segment somewhere, or leave its members out."""
    slug = _find(api, grant, name).slug
    return Success(api.dependencies.audiences.jobs(grant.account, slug))


@post(
    "/v2/segment/{name:str}/reevaluate",
    summary="Ask every profile again",
    tags=["segments"],
    status_code=200,
    sync_to_thread=True,
)
def reevaluate_segment(
    name: FromPath[str], grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[Segment]:
    """Ask every profile again; only differences are sent."""
    check_scope(grant, SAVE_SCOPE)
    found = _find(api, grant, name)
    rebuild = api.dependencies.audiences.rebuild
    return Success(
        to_segment(rebuild(account=grant.account, slug=found.slug, actor=actor_of(grant)))
    )


@get(
    "/api/segment/{name:str}/size", summary="A segment's size", tags=["segments"],
    sync_to_thread=True,
)  # fmt: skip
def size_of_segment(
    name: FromPath[str], grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[SegmentSize]:
    """Return how many members an audience has, exactly."""
    return Success(sized(_find(api, grant, name)))


@get(
    "/api/segment/{name:str}/scan",
    summary="The members of a segment",
    tags=["segments"],
    sync_to_thread=True,
)
def scan_segment(
    name: FromPath[str],
    grant: NamedDependency[Grant],
    api: NamedDependency[ApiState],
    start: FromQuery[str] = "",
    limit: Limit = 20,
    sortfield: FromQuery[str] = "",
) -> Response[bytes]:
    """Return members with their values, in an order of no meaning; `_next` leads on."""
    check_order(sortfield)
    found = _find(api, grant, name)
    members = api.dependencies.audiences.scan(grant.account, found.slug, start, limit)
    may_see = allows(grant.scopes, PERSONAL_SCOPE)
    page = Scan(
        data=[
            show_entity(
                one,
                hidden=frozenset() if may_see else one.personal,
                with_segments=True,
                with_meta=True,
            )
            for one in members
        ],
        total=found.size,
        next_=members[-1].profile_id if len(members) == limit else "",
    )
    return Response(_encode(page), media_type=MediaType.JSON)


@get(
    "/api/segment/{name:str}/fieldinfo",
    summary="The values of a segment's members",
    tags=["segments"],
    sync_to_thread=True,
)
def report_segment(
    name: FromPath[str],
    grant: NamedDependency[Grant],
    api: NamedDependency[ApiState],
    fields: Names = None,
    limit: Values = 20,
) -> Response[bytes]:
    """Return the most common values of each field."""
    return report_fields(api, grant, _find(api, grant, name).slug, fields, limit)


@get(
    "/api/segment/{name:str}/summary",
    summary="A segment at a look",
    tags=["segments"],
    sync_to_thread=True,
)
def sum_up_segment(
    name: FromPath[str], grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[SegmentSummary]:
    """Return size, share and growth of an audience, and what uses it."""
    found = _find(api, grant, name)
    summary = api.dependencies.audiences.summary(grant.account, found.slug)
    return Success(summed_up(found, summary))


def _find(api: ApiState, grant: Grant, name: str) -> Audience:
    """Return an audience by slug, or by the number that clients know it by."""
    try:
        return api.dependencies.get_audience(grant.account, name)
    except UnknownAudienceError:
        if not name.isdecimal():
            raise
    for one in api.dependencies.list_audiences(grant.account):
        if str(one.id) == name:
            return one
    raise UnknownAudienceError(account=grant.account, slug=name)
