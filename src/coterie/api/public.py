"""What a web page may be told of its visitor without a token, for personalization."""

from collections.abc import Collection
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from coterie.api.entity import answer_tagged
from coterie.api.state import ApiState
from coterie.base.errors import UserError
from coterie.model.control import Personalization
from coterie.model.entity import Entity


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


@get(
    "/api/me/{account:int}/{field:str}/{value:str}",
    summary="What is public of one person",
    tags=["profiles"],
    sync_to_thread=True,
)
def get_public(
    request: Request[Any, Any, Any],
    account: FromPath[int],
    field: FromPath[str],
    value: FromPath[str],
    api: NamedDependency[ApiState],
) -> Response[bytes]:
    """Return the public fields and audiences of who has an identifier; nothing for nobody.

    An unknown person gets the answer of a person without values, so that nobody can find out who
    is a customer.
    """
    api.turnstile.pass_one(account)
    glance = api.dependencies.entities.find_public(account, (field, value))
    allowed, found = glance.allowed, glance.entity
    if allowed is None or field not in allowed.by_fields:
        raise NotPublicError
    origin = request.headers.get("origin", "")
    if origin and not {"*", origin} & set(allowed.origins):
        raise OriginRefusedError
    answer = {"data": show_public(found, allowed), "status": 200, "message": "success"}
    response = answer_tagged(_encode(answer), request.headers.get("if-none-match", ""))
    response.headers["Vary"] = "Origin"
    if origin:
        response.headers["Access-Control-Allow-Origin"] = origin
    return response


def show_public(found: Entity | None, allowed: Personalization) -> dict[str, Any]:
    """Return what is allowed of a person; a field that became personal since is left out."""
    values = {} if found is None else found.values
    hidden: Collection[str] = () if found is None else found.personal
    held = () if found is None else [slug for _, slug in found.audiences]
    shown = {name: values[name] for name in allowed.fields if name in values and name not in hidden}
    return {**shown, "segments": [slug for slug in held if slug in allowed.audiences]}
