"""What programs save: audiences, by the text of their filter or by its JSON form."""

from datetime import datetime
from typing import Any

import msgspec
from litestar import post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_201_CREATED

from coterie.api.auth import actor_of, check_scope
from coterie.api.resources import Success
from coterie.api.state import ApiState
from coterie.base.errors import UserError
from coterie.control.definitions.audiences import SavedAudience
from coterie.lang.filterql import format_filter, json_form_text
from coterie.model.control import Grant

SAVE_SCOPE = "data_manager"


class FilterFormError(UserError):
    """An audience came with no filter, or with two."""

    code = "filter_or_ast"


class NewAudience(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An audience to be; `ast` is a filter in JSON form, in place of its text.

    A draft holds nobody until it is activated; from `expires_at` on nobody is a member any more.
    `is_public` lets web pages be told of it without a token.
    """

    slug: str
    name: str = ""
    description: str = ""
    filter: str | None = None
    ast: dict[str, Any] | None = None
    is_draft: bool = False
    expires_at: datetime | None = None
    tags: tuple[str, ...] = ()
    is_public: bool = False


class AudienceChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What of an audience shall change; what is not given stays.

    `expires_at` null takes the end off.
    """

    name: str | None = None
    description: str | None = None
    filter: str | None = None
    ast: dict[str, Any] | None = None
    expires_at: datetime | msgspec.UnsetType | None = msgspec.UNSET
    tags: tuple[str, ...] | None = None
    is_public: bool | None = None


@post(
    "/api/audiences",
    summary="Make an audience",
    tags=["audiences"],
    status_code=HTTP_201_CREATED,
    sync_to_thread=True,
)
def create_audience(
    data: JSONBody[NewAudience], grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[SavedAudience]:
    """Make an audience, which is built in the background; `warnings` are doubts about it."""
    check_scope(grant, SAVE_SCOPE)
    text = filter_text(data.filter, data.ast)
    if text is None:
        raise FilterFormError(message="An audience needs a filter. Give it as filter or ast.")
    made = api.dependencies.audiences.create(
        account=grant.account,
        slug=data.slug,
        name=data.name or data.slug,
        description=data.description,
        filter_text=text,
        is_draft=data.is_draft,
        expires_at=data.expires_at,
        tags=data.tags,
        is_public=data.is_public,
        actor=actor_of(grant),
    )
    return Success(made, status=HTTP_201_CREATED)


@put(
    "/api/audiences/{slug:str}", summary="Change an audience", tags=["audiences"],
    sync_to_thread=True,
)  # fmt: skip
def update_audience(
    slug: FromPath[str],
    data: JSONBody[AudienceChange],
    grant: NamedDependency[Grant],
    api: NamedDependency[ApiState],
) -> Success[SavedAudience]:
    """Change what is given; another filter is built anew."""
    check_scope(grant, SAVE_SCOPE)
    calls, actor = api.dependencies.audiences, actor_of(grant)
    if not isinstance(data.expires_at, msgspec.UnsetType):
        calls.set_expiry(account=grant.account, slug=slug, expires_at=data.expires_at, actor=actor)
    changed = calls.update(
        account=grant.account,
        slug=slug,
        name=data.name,
        description=data.description,
        filter_text=filter_text(data.filter, data.ast),
        tags=data.tags,
        is_public=data.is_public,
        actor=actor,
    )
    return Success(changed)


def filter_text(text: str | None, ast: dict[str, Any] | None) -> str | None:
    """Return the text of a filter given as text or in JSON form. Raises FilterFormError."""
    if text is not None and ast is not None:
        raise FilterFormError(message="Both filter and ast are given. Send one of them.")
    return text if ast is None else format_filter(json_form_text(ast))
