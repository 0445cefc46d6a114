"""Groups of segments as Lytics' clients know them: the tags of audiences."""

from collections.abc import Sequence

import msgspec
from litestar import delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from coterie.api.audiences import SAVE_SCOPE
from coterie.api.auth import actor_of, check_scope
from coterie.api.resources import Success
from coterie.api.state import ApiState
from coterie.model.control import AudienceGroup, Grant


class SegmentGroup(msgspec.Struct, frozen=True):
    """The segments that bear a tag, by slug; the tag is its id too."""

    id: str
    aid: int
    name: str
    segments: tuple[str, ...]


class NewGroup(msgspec.Struct, frozen=True):
    """A tag, and the segments that shall bear it, by slug or number."""

    name: str
    segments: tuple[str, ...]


class GroupChange(msgspec.Struct, frozen=True):
    """What of a group shall change; what is not given stays."""

    name: str | None = None
    segments: tuple[str, ...] | None = None


@get("/v2/segment/group", summary="Groups of segments", tags=["segments"], sync_to_thread=True)
def list_segment_groups(
    grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[Sequence[SegmentGroup]]:
    """Return the groups, by name."""
    found = api.dependencies.audiences.groups(grant.account)
    return Success([_shown(grant, one) for one in found])


@post("/v2/segment/group", summary="Make a group", tags=["segments"], sync_to_thread=True)
def create_segment_group(
    data: JSONBody[NewGroup], grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[SegmentGroup]:
    """Let these segments bear a tag, and no others."""
    check_scope(grant, SAVE_SCOPE)
    made = api.dependencies.audiences.save_group(
        account=grant.account,
        tag=data.name,
        audiences=_slugs(api, grant, data.segments),
        actor=actor_of(grant),
    )
    return Success(_shown(grant, made), status=201)


@get("/v2/segment/group/{name:str}", summary="One group", tags=["segments"], sync_to_thread=True)
def get_segment_group(
    name: FromPath[str], grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[SegmentGroup]:
    """Return a group by its name."""
    return Success(_shown(grant, api.dependencies.audiences.group(grant.account, name)))


@put(
    "/v2/segment/group/{name:str}", summary="Change a group", tags=["segments"],
    sync_to_thread=True,
)  # fmt: skip
def change_segment_group(
    name: FromPath[str],
    data: JSONBody[GroupChange],
    grant: NamedDependency[Grant],
    api: NamedDependency[ApiState],
) -> Success[SegmentGroup]:
    """Give a group another name, or other segments, or both."""
    check_scope(grant, SAVE_SCOPE)
    changed = api.dependencies.audiences.change_group(
        account=grant.account,
        tag=name,
        name=data.name,
        audiences=None if data.segments is None else _slugs(api, grant, data.segments),
        actor=actor_of(grant),
    )
    return Success(_shown(grant, changed))


@delete(
    "/v2/segment/group/{name:str}",
    summary="Delete a group",
    tags=["segments"],
    status_code=200,
    sync_to_thread=True,
)
def delete_segment_group(
    name: FromPath[str], grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[SegmentGroup]:
    """Take a tag off all segments, which stay; the group as it was is returned."""
    check_scope(grant, SAVE_SCOPE)
    gone = api.dependencies.audiences.delete_group(
        account=grant.account, tag=name, actor=actor_of(grant)
    )
    return Success(_shown(grant, gone))


def _slugs(api: ApiState, grant: Grant, names: Sequence[str]) -> list[str]:
    """Return slugs in place of numbers; what is neither stays, and is refused when it is saved."""
    every = api.dependencies.list_audiences(grant.account)
    slugs = {str(one.id): one.slug for one in every} | {one.slug: one.slug for one in every}
    return [slugs.get(name, name) for name in names]


def _shown(grant: Grant, group: AudienceGroup) -> SegmentGroup:
    return SegmentGroup(id=group.tag, aid=grant.account, name=group.tag, segments=group.audiences)
