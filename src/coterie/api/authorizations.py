"""Authorizations over HTTP: what outside systems may be reached with, without its secrets."""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from litestar import delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED

from coterie.api.auth import actor_of, check_scope
from coterie.api.resources import Success
from coterie.api.state import ApiState
from coterie.model.control import Authorization, Grant

READ_SCOPE = "observer"
CHANGE_SCOPE = "data_manager"

Text = Annotated[str, msgspec.Meta(max_length=1_000)]


class NewAuthorization(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An authorization to be; `config` holds what `coterie authorization providers` lists."""

    provider: Text
    method: Text
    label: Text
    config: dict[str, Any]
    description: Text = ""


class AuthorizationChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What shall change; what is not given stays, options of `without` are taken away."""

    label: Text | None = None
    description: Text | None = None
    config: dict[str, Any] = {}
    without: Annotated[tuple[Text, ...], msgspec.Meta(max_length=100)] = ()


@get(
    "/api/authorizations", summary="All authorizations", tags=["authorizations"],
    sync_to_thread=True,
)  # fmt: skip
def list_authorizations(
    grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[Sequence[Authorization]]:
    """Return an account's authorizations with their health, oldest first, without secrets."""
    check_scope(grant, READ_SCOPE)
    return Success(api.dependencies.authorizations.list_all(grant.account))


@get(
    "/api/authorizations/{authorization_id:int}", summary="One authorization",
    tags=["authorizations"], sync_to_thread=True,
)  # fmt: skip
def get_authorization(
    authorization_id: FromPath[int], grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[Authorization]:
    """Return one authorization without its secrets."""
    check_scope(grant, READ_SCOPE)
    return Success(api.dependencies.authorizations.get(grant.account, authorization_id))


@post(
    "/api/authorizations", summary="Authorize a system", tags=["authorizations"],
    status_code=HTTP_201_CREATED, sync_to_thread=True,
)  # fmt: skip
def create_authorization(
    data: JSONBody[NewAuthorization], grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[Authorization]:
    """Try an authorization and save it sealed; if it is refused nothing is saved."""
    check_scope(grant, CHANGE_SCOPE)
    made = api.dependencies.authorizations.create(
        account=grant.account,
        provider=data.provider,
        method=data.method,
        label=data.label,
        description=data.description,
        config=data.config,
        actor=actor_of(grant),
    )
    return Success(made, status=HTTP_201_CREATED)


@put(
    "/api/authorizations/{authorization_id:int}", summary="Change an authorization",
    tags=["authorizations"], sync_to_thread=True,
)  # fmt: skip
def update_authorization(
    authorization_id: FromPath[int],
    data: JSONBody[AuthorizationChange],
    grant: NamedDependency[Grant],
    api: NamedDependency[ApiState],
) -> Success[Authorization]:
    """Change an authorization once it was tried; jobs go on with it.

    A signing secret of a webhook that is replaced signs on until `without` names `old_secret`.
    """
    check_scope(grant, CHANGE_SCOPE)
    changed = api.dependencies.authorizations.update(
        account=grant.account,
        authorization_id=authorization_id,
        label=data.label,
        description=data.description,
        config=data.config or None,
        without=data.without,
        actor=actor_of(grant),
    )
    return Success(changed)


@delete(
    "/api/authorizations/{authorization_id:int}", summary="Forget an authorization",
    tags=["authorizations"], status_code=HTTP_200_OK, sync_to_thread=True,
)  # fmt: skip
def delete_authorization(
    authorization_id: FromPath[int], grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[None]:
    """Forget an authorization and its secrets, if no job uses it."""
    check_scope(grant, CHANGE_SCOPE)
    api.dependencies.authorizations.delete(
        account=grant.account, authorization_id=authorization_id, actor=actor_of(grant)
    )
    return Success(None)
