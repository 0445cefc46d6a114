"""Streams: their raw keys, newest events, and what became nothing."""

from collections.abc import Sequence

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED

from coterie.api.auth import actor_of, check_scope
from coterie.api.resources import Success
from coterie.api.state import ApiState
from coterie.base.errors import UserError
from coterie.model.control import Grant, Stream
from coterie.model.streams import KeyReport, RejectedReport
from coterie.model.views import EventView

READ = "observer"
# Raw events hold personal data, and running them again changes people.
MANAGE = "data_manager"
MOST = 200


class BadLimitError(UserError):
    """More was asked for than one answer holds."""

    code = "bad_limit"

    def __init__(self, *, most: int) -> None:
        super().__init__(f"The parameter limit is a number from 1 to {most}.")


class RunAgain(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a request to run an event again; without `body` it is run as it came."""

    body: str | None = None


class Rerun(msgspec.Struct, frozen=True):
    """How many events an event made that was run again."""

    events: int


class Mapped(msgspec.Struct, frozen=True):
    """The version of the schema that maps a key."""

    schema_version: int


class MapKey(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a request to map a raw key; without `field` to the suggested one."""

    key: str
    field: str = ""


@get("/api/streams", summary="The account's streams", tags=["streams"], sync_to_thread=True)
def list_streams(
    api: NamedDependency[ApiState], grant: NamedDependency[Grant]
) -> Success[Sequence[Stream]]:
    """List the streams by name."""
    check_scope(grant, READ)
    return Success(api.dependencies.streams.list_all(grant.account))


@get(
    "/api/streams/{stream:str}/keys",
    summary="What is known of a stream's raw keys",
    tags=["streams"],
    sync_to_thread=True,
)
def list_keys(
    stream: FromPath[str], api: NamedDependency[ApiState], grant: NamedDependency[Grant]
) -> Success[Sequence[KeyReport]]:
    """List the raw keys, the most frequent first, with the fields that read them."""
    check_scope(grant, READ)
    return Success(api.dependencies.streams.keys(grant.account, stream))


@get(
    "/api/streams/{stream:str}/events",
    summary="The newest events of a stream",
    tags=["streams"],
    sync_to_thread=True,
)
def list_events(
    stream: FromPath[str],
    api: NamedDependency[ApiState],
    grant: NamedDependency[Grant],
    limit: FromQuery[int] = 25,
) -> Success[Sequence[EventView]]:
    """List the newest events with what became of them."""
    check_scope(grant, MANAGE)
    return Success(api.dependencies.streams.events(grant.account, stream, _checked(limit)))


@get(
    "/api/streams/{stream:str}/rejected",
    summary="What became nothing and waits for a repair",
    tags=["streams"],
    sync_to_thread=True,
)
def list_rejected(
    stream: FromPath[str],
    api: NamedDependency[ApiState],
    grant: NamedDependency[Grant],
    limit: FromQuery[int] = 25,
) -> Success[Sequence[RejectedReport]]:
    """List rejected events, newest first, with place and reason."""
    check_scope(grant, MANAGE)
    return Success(api.dependencies.streams.rejected(grant.account, stream, _checked(limit)))


@post(
    "/api/streams/{stream:str}/rejected/{ref:str}/run",
    summary="Run a rejected event again",
    tags=["streams"],
    status_code=HTTP_200_OK,
    sync_to_thread=True,
)
def run_again(
    data: JSONBody[RunAgain],
    stream: FromPath[str],
    ref: FromPath[str],
    api: NamedDependency[ApiState],
    grant: NamedDependency[Grant],
) -> Success[Rerun]:
    """Run it as it came, or as it was repaired."""
    check_scope(grant, MANAGE)
    calls = api.dependencies.streams
    made = calls.run_again(grant.account, stream, ref, data.body, actor_of(grant))
    return Success(Rerun(made))


@post(
    "/api/streams/{stream:str}/mappings",
    summary="Map a raw key as suggested",
    tags=["streams"],
    status_code=HTTP_201_CREATED,
    sync_to_thread=True,
)
def map_key(
    data: JSONBody[MapKey],
    stream: FromPath[str],
    api: NamedDependency[ApiState],
    grant: NamedDependency[Grant],
) -> Success[Mapped]:
    """Publish a version of the schema with the mapping."""
    check_scope(grant, MANAGE)
    calls = api.dependencies.streams
    version = calls.map_key(grant.account, stream, data.key, data.field, actor_of(grant))
    return Success(Mapped(version), status=HTTP_201_CREATED)


def _checked(limit: int) -> int:
    if not 1 <= limit <= MOST:
        raise BadLimitError(most=MOST)
    return limit
