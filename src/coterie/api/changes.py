"""The stream of changes: who entered and left which audience, and why."""

from typing import Annotated, Literal

import msgspec
from litestar import MediaType, Response, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter

from coterie.api.entity import split_names
from coterie.api.insights import Names
from coterie.api.resources import PERSONAL_SCOPE, Success
from coterie.api.state import ApiState
from coterie.control.scopes import allows
from coterie.flow.run.stream import Wanted, read_kinds
from coterie.model.control import Grant

MOST_CHANGES = 1_000
MOST_NAMES = 200

Limit = Annotated[int, QueryParameter(ge=1, le=MOST_CHANGES)]


# Sums are decimals, which would travel as text otherwise.
_encode = msgspec.json.Encoder(decimal_format="number").encode


@get("/api/changes", summary="The stream of changes", tags=["changes"], sync_to_thread=True)
def list_changes(  # noqa: PLR0913 - a parameter of the address each
    grant: NamedDependency[Grant],
    api: NamedDependency[ApiState],
    cursor: FromQuery[str | None] = None,
    start: FromQuery[Literal["begin", "now"]] = "begin",
    limit: Limit = 100,
    audiences: Names = None,
    kinds: Names = None,
    fields: Names = None,
) -> Response[bytes]:
    """Return the changes after `cursor`, or from `start` on; each comes once, and none is skipped.

    `fields` adds values as they are now; personal ones only to who may see them.
    """
    slugs = split_names(audiences, parameter="audiences", most=MOST_NAMES)
    names = split_names(fields, parameter="fields", most=MOST_NAMES) or ()
    wanted = Wanted(
        audiences=None if slugs is None else frozenset(slugs),
        kinds=read_kinds(split_names(kinds, parameter="kinds", most=MOST_NAMES)),
        fields=frozenset(names),
        hides_personal=not allows(grant.scopes, PERSONAL_SCOPE),
    )
    page = api.dependencies.read_changes(grant.account, cursor or start, wanted, limit)
    return Response(_encode(Success(page)), media_type=MediaType.JSON)
