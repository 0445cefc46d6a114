"""What programs read of one person: values, audiences, and where they come from."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from litestar.concurrency import sync_to_thread

from coterie.api.asgi import Answer
from coterie.api.auth import check_scope
from coterie.api.dependencies import ApiDependencies
from coterie.api.parameters import BadParameterError, read_flag
from coterie.api.resources import PERSONAL_SCOPE, UnknownProfileError
from coterie.api.tokens import RefusedTokenError
from coterie.base.errors import UserError
from coterie.control.scopes import allows
from coterie.flow.run.explain import MembershipExplanation
from coterie.model.control import Grant
from coterie.model.entity import Entity, FieldLineage, Glance
from coterie.model.mapped import Identifier

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


class EntityRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked about one person: `only` these fields, or None for all.

    `explain` are slugs of audiences; `known` are the tags of answers that the asker has already.
    """

    identifier: Identifier
    only: tuple[str, ...] | None
    explain: tuple[str, ...]
    with_segments: bool
    with_meta: bool
    with_lineage: bool
    known: str


def read_entity_request(
    table: str, identifier: Identifier, parameters: Mapping[str, str], known: str
) -> EntityRequest:
    """Return what the parameters ask for. Raises UserError."""
    if table != TABLE:
        raise UnknownTableError
    return EntityRequest(
        identifier=identifier,
        only=split_names(parameters.get("fields"), parameter="fields", most=MOST_FIELDS),
        explain=split_names(parameters.get("explain"), parameter="explain", most=MOST_EXPLAINED)
        or (),
        with_segments=read_flag(parameters, "segments", default=True),
        with_meta=read_flag(parameters, "meta", default=True),
        with_lineage=read_flag(parameters, "lineage"),
        known=known,
    )


async def answer_entity(
    dependencies: ApiDependencies, grant: Grant, asked: EntityRequest
) -> Answer:
    """Return the profile that an identifier belongs to; personal fields only to who may see them.

    What conditions looked at and where values come from may be personal too, so `explain` and
    `lineage` need the same scope. Raises UserError.
    """
    if not asked.explain and not asked.with_lineage:
        glance = await dependencies.entities.glance(
            grant.account, asked.identifier, asked.only, grant.token_id
        )
        if glance is not None:
            return _render(_found(glance, asked), grant, asked)
    return await sync_to_thread(_look_up, dependencies, grant, asked)


def _look_up(dependencies: ApiDependencies, grant: Grant, asked: EntityRequest) -> Answer:
    if asked.explain or asked.with_lineage:
        check_scope(grant, PERSONAL_SCOPE)
    calls, account, identifier = dependencies.entities, grant.account, asked.identifier
    found = _found(calls.find(account, identifier, asked.only, grant.token_id), asked)
    explained = {}
    for slug in asked.explain:
        audience = dependencies.get_audience(account, slug)
        why = dependencies.explain_membership(account, identifier, audience)
        if why is not None:
            explained[slug] = why
    lineage = calls.lineage(account, identifier, asked.only) if asked.with_lineage else None
    explain = explained if asked.explain else None
    return _render(found, grant, asked, explain=explain, lineage=lineage)


def _found(glance: Glance, asked: EntityRequest) -> Entity:
    if not glance.token_holds:
        raise RefusedTokenError
    if glance.entity is None:
        raise UnknownProfileError(field=asked.identifier[0])
    return glance.entity


def _render(
    found: Entity,
    grant: Grant,
    asked: EntityRequest,
    *,
    explain: dict[str, MembershipExplanation] | None = None,
    lineage: tuple[FieldLineage, ...] | None = None,
) -> Answer:
    hidden = frozenset() if allows(grant.scopes, PERSONAL_SCOPE) else found.personal
    answer = EntityAnswer(
        data=show_entity(
            found, hidden=hidden, with_segments=asked.with_segments, with_meta=asked.with_meta
        ),
        meta=EntityMeta(
            by_fields=found.by_fields,
            format="json",
            name=TABLE,
            redacted=tuple(sorted(hidden)),
            explain=explain,
            lineage=lineage,
        ),
    )
    return answer_tagged(_encode(answer), asked.known, ((b"vary", b"Authorization"),))


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
    """Return the names of a list with commas, None for none.

    Raises BadParameterError, TooManyNamesError.
    """
    if text is None:
        return None
    if len(text) > LONGEST_LIST:
        must = f"be at most {LONGEST_LIST:,} characters long"
        raise BadParameterError(name=parameter, value=text, must=must)
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if len(names) > most:
        raise TooManyNamesError(parameter=parameter, most=most)
    return names


def answer_tagged(body: bytes, known: str, headers: tuple[tuple[bytes, bytes], ...]) -> Answer:
    """Answer with a body and its tag, or with 304 to who has it already (RFC 9110, 13.1.2)."""
    tag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    # A shared cache must not show one asker's answer to another.
    headers = ((b"etag", tag.encode()), (b"cache-control", b"private, no-cache"), *headers)
    if known and not {tag, "*"}.isdisjoint(
        one.strip().removeprefix("W/") for one in known.split(",")
    ):
        return Answer(304, b"", headers=headers)
    return Answer(200, body, headers=headers)
