"""What programs read of one person: values, audiences, and where they come from."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import MediaType, Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from coterie.api.auth import check_scope
from coterie.api.resources import PERSONAL_SCOPE, UnknownProfileError
from coterie.api.state import ApiState
from coterie.api.tokens import RefusedTokenError
from coterie.base.errors import UserError
from coterie.control.scopes import allows
from coterie.flow.run.explain import MembershipExplanation
from coterie.model.control import Grant
from coterie.model.entity import Entity, FieldLineage

TABLE = "user"
MOST_FIELDS = 200
MOST_EXPLAINED = 10
LONGEST_LIST = 10_000
SPLITS = 100


class UnknownTableError(UserError):
    """There is only one table of entities."""

    code = "unknown_table"

    def __init__(self) -> None:
        super().__init__("Profiles are in the table 'user'. Ask for /api/entity/user/….")


class TooManyNamesError(UserError):
    """A parameter lists more names than one request may."""

    code = "too_many_names"

    def __init__(self, *, parameter: str, most: int) -> None:
        super().__init__(f"`{parameter}` lists more than {most} names. Ask in several requests.")


class EntityMeta(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is said about an entity beside its values; `redacted` are fields that are not shown."""

    by_fields: tuple[str, ...]
    format: str
    name: str
    redacted: tuple[str, ...] = ()
    explain: dict[str, MembershipExplanation] | None = None
    lineage: tuple[FieldLineage, ...] | None = None


class EntityAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a successful answer."""

    data: dict[str, Any]
    meta: EntityMeta
    status: int = 200
    message: str = "success"


# Sums are decimals, which would travel as text otherwise.
_encode = msgspec.json.Encoder(decimal_format="number", order="deterministic").encode

Names = Annotated[str | None, QueryParameter(max_length=LONGEST_LIST)]


@get(
    "/api/entity/{table:str}/{field:str}/{value:str}",
    summary="One person's values and audiences",
    tags=["profiles"],
    sync_to_thread=True,
)
def get_entity(  # noqa: PLR0913 - a parameter of the address each
    request: Request[Any, Any, Any],
    table: FromPath[str],
    field: FromPath[str],
    value: FromPath[str],
    grant: NamedDependency[Grant],
    api: NamedDependency[ApiState],
    fields: Names = None,
    explain: Names = None,
    segments: FromQuery[bool] = True,
    meta: FromQuery[bool] = True,
    lineage: FromQuery[bool] = False,
) -> Response[bytes]:
    """Return the profile that an identifier belongs to; personal fields only to who may see them.

    What conditions looked at and where values come from may be personal too, so `explain` and
    `lineage` need the same scope.
    """
    if table != TABLE:
        raise UnknownTableError
    only = split_names(fields, parameter="fields", most=MOST_FIELDS)
    slugs = split_names(explain, parameter="explain", most=MOST_EXPLAINED) or ()
    if slugs or lineage:
        check_scope(grant, PERSONAL_SCOPE)
    calls = api.dependencies.entities
    glance = calls.find(grant.account, (field, value), only, grant.token_id)
    if not glance.token_holds:
        raise RefusedTokenError
    found = glance.entity
    if found is None:
        raise UnknownProfileError(field=field)
    hidden = frozenset() if allows(grant.scopes, PERSONAL_SCOPE) else found.personal
    explained = {}
    for slug in slugs:
        audience = api.dependencies.get_audience(grant.account, slug)
        why = api.dependencies.explain_membership(grant.account, (field, value), audience)
        if why is not None:
            explained[slug] = why
    answer = EntityAnswer(
        data=show_entity(found, hidden=hidden, with_segments=segments, with_meta=meta),
        meta=EntityMeta(
            by_fields=found.by_fields,
            format="json",
            name=TABLE,
            redacted=tuple(sorted(hidden)),
            explain=explained if slugs else None,
            lineage=calls.lineage(grant.account, (field, value), only) if lineage else None,
        ),
    )
    return answer_tagged(_encode(answer), request.headers.get("if-none-match", ""))


def show_entity(
    entity: Entity, *, hidden: frozenset[str], with_segments: bool, with_meta: bool
) -> dict[str, Any]:
    """Return an entity's values without the `hidden` ones, and what is known of it beside them."""
    shown = {name: value for name, value in entity.values.items() if name not in hidden}
    slugs = [slug for _, slug in entity.audiences]
    if with_segments:
        shown["segments"] = slugs
    if with_meta:
        shown |= _meta_fields(entity, slugs)
    return shown


def _meta_fields(
    entity: Entity, slugs: list[str]
) -> Mapping[str, str | int | datetime | list[Any]]:
    # Two draws of 0 to 99 that have nothing to do with each other, and that stay with the profile.
    one, other = entity.profile_id[:16], entity.profile_id[16:]
    return {
        "_id": entity.profile_id,
        "_created": entity.created,
        "_modified": entity.modified,
        "_last_active": entity.last_active,
        "_segments": slugs,
        "_segs": [number for number, _ in entity.audiences],
        "_split": int(one, 16) % SPLITS,
        "_split2": int(other, 16) % SPLITS,
    }


def split_names(text: str | None, *, parameter: str, most: int) -> tuple[str, ...] | None:
    """Return the names of a list with commas, None for none. Raises TooManyNamesError."""
    if text is None:
        return None
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if len(names) > most:
        raise TooManyNamesError(parameter=parameter, most=most)
    return names


def answer_tagged(body: bytes, known: str) -> Response[bytes]:
    """Answer with a body and its tag, or with 304 to who has it already (RFC 9110, 13.1.2)."""
    tag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    # A shared cache must not show one token's answer to another.
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Authorization"}
    tags = {one.strip().removeprefix("W/") for one in known.split(",")}
    if tag in tags or "*" in tags:
        return Response(b"", status_code=304, headers=headers, media_type=MediaType.JSON)
    return Response(body, headers=headers, media_type=MediaType.JSON)
