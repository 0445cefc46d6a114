"""What a web page may be told of its visitor without a token, for personalization."""

from collections.abc import Collection
from typing import Any

import msgspec
from litestar.concurrency import sync_to_thread

from coterie.api.asgi import Answer
from coterie.api.dependencies import EntityCalls
from coterie.api.entity import answer_tagged
from coterie.base.errors import UserError
from coterie.model.control import Personalization
from coterie.model.entity import Entity, Glance
from coterie.model.mapped import Identifier


class NotPublicError(UserError):
    """Nothing is public there, whether or not there is such an account."""

    code = "not_public"

    def __init__(self) -> None:
        super().__init__(
            "Nothing is public at this address. `coterie personalization allow` makes fields and "
            "audiences public; otherwise use /api/entity with a token."
        )


class OriginRefusedError(UserError):
    """A page of another web site asked."""

    code = "origin_refused"

    def __init__(self) -> None:
        super().__init__(
            "Pages of this web site may not ask. Name it with `coterie personalization allow "
            "--origin`."
        )


_encode = msgspec.json.Encoder(decimal_format="number", order="deterministic").encode


class PublicRequest(msgspec.Struct, frozen=True):
    """What a web page asks; `known` are the tags of answers that it has already."""

    account: int
    identifier: Identifier
    origin: str
    known: str


async def answer_public(entities: EntityCalls, asked: PublicRequest) -> Answer:
    """Return the public fields and audiences of who has an identifier; nothing for nobody.

    An unknown person gets the answer of a person without values, so that nobody can find out who
    is a customer. Raises NotPublicError, OriginRefusedError.
    """
    glance = await entities.glance_public(asked.account, asked.identifier)
    if glance is not None:
        return _render(glance, asked)
    return await sync_to_thread(_look_up, entities, asked)


def _look_up(entities: EntityCalls, asked: PublicRequest) -> Answer:
    return _render(entities.find_public(asked.account, asked.identifier), asked)


def _render(glance: Glance, asked: PublicRequest) -> Answer:
    allowed, origin = glance.allowed, asked.origin
    if allowed is None or asked.identifier[0] not in allowed.by_fields:
        raise NotPublicError
    if origin and not {"*", origin} & set(allowed.origins):
        raise OriginRefusedError
    headers = [(b"vary", b"Origin")]
    if origin:
        headers.append((b"access-control-allow-origin", origin.encode("latin-1")))
    body = {"data": show_public(glance.entity, allowed), "status": 200, "message": "success"}
    return answer_tagged(_encode(body), asked.known, tuple(headers))


def show_public(found: Entity | None, allowed: Personalization) -> dict[str, Any]:
    """Return what is allowed of a person; a field that became personal since is left out."""
    values = {} if found is None else found.values
    hidden: Collection[str] = () if found is None else found.personal
    held = () if found is None else [slug for _, slug in found.audiences]
    shown = {name: values[name] for name in allowed.fields if name in values and name not in hidden}
    return {**shown, "segments": [slug for slug in held if slug in allowed.audiences]}
