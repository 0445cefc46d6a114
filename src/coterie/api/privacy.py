"""People's rights: being told all that is held about them, and being forgotten."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from litestar import MediaType, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from coterie.api.auth import actor_of, check_scope
from coterie.api.resources import PERSONAL_SCOPE, Success, UnknownProfileError
from coterie.api.state import ApiState
from coterie.model.control import Grant
from coterie.model.erasure import Erasure

FORGET_SCOPE = "data_manager"

# Sums are decimals, which would travel as text otherwise.
_encode = msgspec.json.Encoder(decimal_format="number").encode


class WhomBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A person, by one of their identifiers in any spelling."""

    field: Annotated[str, msgspec.Meta(max_length=64)]
    value: Annotated[str, msgspec.Meta(max_length=1_000)]


class ForgetBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom to forget; with `block` their identifiers may never come back."""

    field: Annotated[str, msgspec.Meta(max_length=64)]
    value: Annotated[str, msgspec.Meta(max_length=1_000)]
    block: bool = False


# POSTs keep the e-mail addresses that they are about out of addresses and access logs.
@post(
    "/api/erasures",
    summary="Forget a person",
    tags=["privacy"],
    status_code=202,
    sync_to_thread=True,
)
def forget_person(
    data: JSONBody[ForgetBody], grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[Erasure]:
    """Delete a profile at once, and all that mentions it in the background."""
    check_scope(grant, FORGET_SCOPE)
    forget = api.dependencies.privacy.forget
    made = forget(grant.account, (data.field, data.value), data.block, actor_of(grant))
    return Success(made, status=202)


@get("/api/erasures", summary="People who were forgotten", tags=["privacy"], sync_to_thread=True)
def list_erasures(
    grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[Sequence[Erasure]]:
    """Return the newest 100 erasures, which do not tell whom they were about."""
    return Success(api.dependencies.privacy.erasures(grant.account))


@get(
    "/api/erasures/{erasure_id:int}",
    summary="How far an erasure is",
    tags=["privacy"],
    sync_to_thread=True,
)
def get_erasure(
    erasure_id: FromPath[int], grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[Erasure]:
    """Return one erasure."""
    return Success(api.dependencies.privacy.erasure(grant.account, erasure_id))


@post(
    "/api/profiles/export",
    summary="All that is held about a person",
    tags=["privacy"],
    status_code=200,
    sync_to_thread=True,
)
def export_person(
    data: JSONBody[WhomBody], grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Response[bytes]:
    """Return a person's profile, identifiers, events, changes, and what destinations were told."""
    check_scope(grant, PERSONAL_SCOPE)
    found = api.dependencies.privacy.dossier(
        grant.account, (data.field, data.value), actor_of(grant)
    )
    if found is None:
        raise UnknownProfileError(field=data.field)
    return Response(_encode(Success(found)), media_type=MediaType.JSON)
