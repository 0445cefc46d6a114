"""The schema for programs: versions, differences, going back; replays of history."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from coterie.api.audiences import SAVE_SCOPE
from coterie.api.auth import actor_of, check_scope
from coterie.api.resources import Success
from coterie.api.state import ApiState
from coterie.control.definitions.schema_diff import SchemaDifference
from coterie.control.definitions.schema_versions import SchemaVersion
from coterie.model.control import Grant
from coterie.model.replay import Replay
from coterie.model.schema import Schema


class RevertBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The version to go back to."""

    version: int


class ReplayBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How fast the log is read (null: as fast as it goes), and whether it may be a trimmed one."""

    events_a_second: Annotated[int, msgspec.Meta(ge=1, le=10_000_000)] | None = None
    accepts_loss: bool = False


@get("/api/schema/versions", summary="Published versions", tags=["schema"], sync_to_thread=True)
def list_versions(
    grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[Sequence[SchemaVersion]]:
    """Return what was published when and by whom, newest first."""
    return Success(api.dependencies.schemas.versions(grant.account))


@get(
    "/api/schema/versions/{version:int}", summary="One version", tags=["schema"],
    sync_to_thread=True,
)  # fmt: skip
def get_version(
    version: FromPath[int], grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[Schema]:
    """Return the fields and mappings of a version."""
    return Success(api.dependencies.schemas.version(grant.account, version))


@get(
    "/api/schema/versions/{version:int}/changes",
    summary="What a version changed",
    tags=["schema"],
    sync_to_thread=True,
)
def list_differences(
    version: FromPath[int],
    grant: NamedDependency[Grant],
    api: NamedDependency[ApiState],
    since: FromQuery[int | None] = None,
) -> Success[SchemaDifference]:
    """Return the differences from the version before, or from `since`."""
    return Success(api.dependencies.schemas.diff(grant.account, since, version))


@post(
    "/api/schema/revert",
    summary="Go back to a version",
    tags=["schema"],
    status_code=201,
    sync_to_thread=True,
)
def revert_schema(
    data: JSONBody[RevertBody], grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[Schema]:
    """Publish an earlier version again, as the next one."""
    check_scope(grant, SAVE_SCOPE)
    made = api.dependencies.schemas.revert(grant.account, data.version, actor_of(grant))
    return Success(made, status=201)


@get("/api/replay", summary="How far a replay is", tags=["schema"], sync_to_thread=True)
def get_replay(grant: NamedDependency[Grant], api: NamedDependency[ApiState]) -> Success[Replay]:
    """Return the newest replay, and once it is ready what it would change."""
    return Success(api.dependencies.schemas.replay(grant.account))


@post(
    "/api/replay", summary="Map history anew", tags=["schema"], status_code=202,
    sync_to_thread=True,
)  # fmt: skip
def start_replay(
    data: JSONBody[ReplayBody], grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[Replay]:
    """Rebuild profiles with the schema in force, beside what is live."""
    check_scope(grant, SAVE_SCOPE)
    start = api.dependencies.schemas.start_replay
    made = start(
        account=grant.account,
        events_a_second=data.events_a_second,
        accepts_loss=data.accepts_loss,
        actor=actor_of(grant),
    )
    return Success(made, status=202)


@post(
    "/api/replay/confirm",
    summary="Let a replay become live",
    tags=["schema"],
    status_code=202,
    sync_to_thread=True,
)
def confirm_replay(
    grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[Replay]:
    """Let a replay that is ready take the place of what is live."""
    check_scope(grant, SAVE_SCOPE)
    confirm = api.dependencies.schemas.confirm_replay
    return Success(confirm(account=grant.account, actor=actor_of(grant)), status=202)


@post(
    "/api/replay/cancel",
    summary="Give a replay up",
    tags=["schema"],
    status_code=200,
    sync_to_thread=True,
)
def cancel_replay(grant: NamedDependency[Grant], api: NamedDependency[ApiState]) -> Success[Replay]:
    """Give a replay up; what is live stays as it is."""
    check_scope(grant, SAVE_SCOPE)
    cancel = api.dependencies.schemas.cancel_replay
    return Success(cancel(account=grant.account, actor=actor_of(grant)))
