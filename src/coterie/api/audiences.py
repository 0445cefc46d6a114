"""What programs save: audiences, by the text of their filter or by its JSON form."""

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
    """An audience to be; `ast` is a filter in JSON form, in place of its text."""

    slug: str
    name: str = ""
    description: str = ""
    filter: str | None = None
    ast: dict[str, Any] | None = None


class AudienceChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What of an audience shall change; what is not given stays."""

    name: str | None = None
    description: str | None = None
    filter: str | None = None
    ast: dict[str, Any] | None = None


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
    text = _filter_text(data.filter, data.ast)
    if text is None:
        raise FilterFormError(message="An audience needs a filter. Give it as filter or ast.")
    made = api.dependencies.audiences.create(
        account=grant.account,
        slug=data.slug,
        name=data.name or data.slug,
        description=data.description,
        filter_text=text,
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
    changed = api.dependencies.audiences.update(
        account=grant.account,
        slug=slug,
        name=data.name,
        description=data.description,
        filter_text=_filter_text(data.filter, data.ast),
        actor=actor_of(grant),
    )
    return Success(changed)


def _filter_text(text: str | None, ast: dict[str, Any] | None) -> str | None:
    if text is not None and ast is not None:
        raise FilterFormError(message="Both filter and ast are given. Send one of them.")
    return text if ast is None else format_filter(json_form_text(ast))
