"""Drafts of the schema, for programs: begun, changed, checked, published or discarded."""

from collections.abc import Sequence
from typing import Literal

import msgspec
from litestar import delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED

from coterie.api.audiences import SAVE_SCOPE
from coterie.api.auth import actor_of, check_scope
from coterie.api.resources import PERSONAL_SCOPE, Success
from coterie.api.state import ApiState
from coterie.control.definitions.drafted import DraftRef, SchemaDraft
from coterie.control.definitions.renaming import rename_field
from coterie.control.definitions.schema_content import SchemaContent, merge_lql, put_content
from coterie.control.definitions.schema_drafts import CaughtUp
from coterie.control.definitions.schema_report import DraftReport
from coterie.control.scopes import allows
from coterie.model.control import Grant
from coterie.model.schema import Schema
from coterie.model.schema_preview import SchemaPreview

DRAFTS = "/api/schema/drafts"
DRAFT = f"{DRAFTS}/{{name:str}}"


class NewDraftBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A draft to be begun from the version in force."""

    name: str
    description: str = ""


class DraftBody(SchemaContent, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that the draft shall say, as changed from the `revision` that was read."""

    revision: int


class DraftLqlBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An LQL text to merge into the draft; `revision` as for the whole."""

    lql: str
    revision: int | None = None


class DraftRenameBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a field shall be called; `revision` as for the whole."""

    name: str
    revision: int | None = None


class CatchUpBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose holds where both changed the same; null: nothing is changed then."""

    prefer: Literal["draft", "published"] | None = None


class PublishBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What changes, null for what the draft says; and which revision was looked at."""

    description: str | None = None
    revision: int | None = None


@get(DRAFTS, summary="Open drafts of the schema", tags=["schema"], sync_to_thread=True)
def list_schema_drafts(
    grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[Sequence[SchemaDraft]]:
    """Return the drafts that are neither published nor discarded, the one changed last first."""
    return Success(api.dependencies.drafts.list_all(grant.account))


@post(
    DRAFTS, summary="Begin a draft of the schema", tags=["schema"], status_code=HTTP_201_CREATED,
    sync_to_thread=True,
)  # fmt: skip
def create_schema_draft(
    data: JSONBody[NewDraftBody], grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[SchemaDraft]:
    """Begin a draft that equals the version in force."""
    check_scope(grant, SAVE_SCOPE)
    made = api.dependencies.drafts.create(
        account=grant.account,
        name=data.name,
        description=data.description,
        actor=actor_of(grant),
    )
    return Success(made, status=HTTP_201_CREATED)


@get(DRAFT, summary="A draft whole", tags=["schema"], sync_to_thread=True)
def get_schema_draft(
    name: FromPath[str], grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[SchemaDraft]:
    """Return a draft with its revision."""
    return Success(api.dependencies.drafts.get(grant.account, name))


@put(DRAFT, summary="Change a draft whole", tags=["schema"], sync_to_thread=True)
def put_schema_draft(
    name: FromPath[str],
    data: JSONBody[DraftBody],
    grant: NamedDependency[Grant],
    api: NamedDependency[ApiState],
) -> Success[SchemaDraft]:
    """Keep fields, mappings and streams in place of those that the draft has, faulty or not."""
    check_scope(grant, SAVE_SCOPE)
    wanted = DraftRef(grant.account, name, data.revision)
    edit = api.dependencies.drafts.edit
    return Success(edit(wanted, lambda draft: put_content(draft, data), actor_of(grant)))


@post(
    f"{DRAFT}/lql", summary="Merge an LQL text into a draft", tags=["schema"],
    status_code=HTTP_200_OK, sync_to_thread=True,
)  # fmt: skip
def write_schema_draft(
    name: FromPath[str],
    data: JSONBody[DraftLqlBody],
    grant: NamedDependency[Grant],
    api: NamedDependency[ApiState],
) -> Success[SchemaDraft]:
    """Merge a query into the draft, as publishing it would into the schema."""
    check_scope(grant, SAVE_SCOPE)
    wanted = DraftRef(grant.account, name, data.revision)
    edit = api.dependencies.drafts.edit
    return Success(edit(wanted, lambda draft: merge_lql(draft, data.lql), actor_of(grant)))


@post(
    f"{DRAFT}/fields/{{field:str}}/rename", summary="Rename a field in a draft", tags=["schema"],
    status_code=HTTP_200_OK, sync_to_thread=True,
)  # fmt: skip
def rename_schema_draft_field(
    name: FromPath[str],
    field: FromPath[str],
    data: JSONBody[DraftRenameBody],
    grant: NamedDependency[Grant],
    api: NamedDependency[ApiState],
) -> Success[SchemaDraft]:
    """Call a field otherwise. Values stay, and who reads it follows once the draft is published."""
    check_scope(grant, SAVE_SCOPE)
    wanted = DraftRef(grant.account, name, data.revision)
    edit = api.dependencies.drafts.edit
    return Success(
        edit(wanted, lambda draft: rename_field(draft, field, data.name), actor_of(grant))
    )


@get(f"{DRAFT}/check", summary="What a draft changes", tags=["schema"], sync_to_thread=True)
def check_schema_draft(
    name: FromPath[str], grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[DraftReport]:
    """Return all that a draft changes, all that is wrong with it, and who would notice."""
    return Success(api.dependencies.drafts.report(grant.account, name))


@get(
    f"{DRAFT}/preview", summary="What a draft makes of the newest events", tags=["schema"],
    sync_to_thread=True,
)  # fmt: skip
def preview_schema_draft(
    name: FromPath[str], grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[SchemaPreview]:
    """Map the newest events of each stream by the draft, and tell what differs."""
    hides_personal = not allows(grant.scopes, PERSONAL_SCOPE)
    return Success(api.dependencies.drafts.preview(grant.account, name, hides_personal))


@post(
    f"{DRAFT}/catch-up", summary="Take over what was published since", tags=["schema"],
    status_code=HTTP_200_OK, sync_to_thread=True,
)  # fmt: skip
def catch_up_schema_draft(
    name: FromPath[str],
    data: JSONBody[CatchUpBody],
    grant: NamedDependency[Grant],
    api: NamedDependency[ApiState],
) -> Success[CaughtUp]:
    """Let the draft begin from the version in force now, and tell what both have changed."""
    check_scope(grant, SAVE_SCOPE)
    wanted = DraftRef(grant.account, name)
    catch_up = api.dependencies.drafts.catch_up
    return Success(catch_up(wanted, prefer=data.prefer, actor=actor_of(grant)))


@post(
    f"{DRAFT}/publish", summary="Publish a draft", tags=["schema"], status_code=HTTP_201_CREATED,
    sync_to_thread=True,
)  # fmt: skip
def publish_schema_draft(
    name: FromPath[str],
    data: JSONBody[PublishBody],
    grant: NamedDependency[Grant],
    api: NamedDependency[ApiState],
) -> Success[Schema]:
    """Publish a draft as the next version."""
    check_scope(grant, SAVE_SCOPE)
    wanted = DraftRef(grant.account, name, data.revision)
    publish = api.dependencies.drafts.publish
    made = publish(wanted, description=data.description, actor=actor_of(grant))
    return Success(made, status=HTTP_201_CREATED)


@delete(
    DRAFT, summary="Discard a draft", tags=["schema"], status_code=HTTP_200_OK, sync_to_thread=True
)
def discard_schema_draft(
    name: FromPath[str], grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[SchemaDraft]:
    """Throw a draft away; its name is free again."""
    check_scope(grant, SAVE_SCOPE)
    wanted = DraftRef(grant.account, name)
    return Success(api.dependencies.drafts.discard(wanted, actor=actor_of(grant)))
