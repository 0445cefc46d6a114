"""Addresses of Lytics whose work is done otherwise here, each with what to call instead."""

from litestar import get, post, route

from coterie.base.errors import UserError

ATTRIBUTES = (
    "A profile is made of events here, so that each value has a source and history can be "
    "replayed: send the values as an event to POST /collect/json/{stream}, with an identifier of "
    "the person. GET /api/entity/user/{field}/{value} reads them, and POST /api/erasures forgets "
    "a person."
)
IDENTITY = (
    "GET /api/identity/{field}/{value} gives the identifiers of a person and the edges between "
    "them, POST /api/identity/why says why two identifiers are one person, and GET "
    "/api/entity/user/{field}/{value} finds the profile."
)
ERASING = (
    "POST /api/erasures forgets a person, of whom the body names one identifier, and GET "
    "/api/erasures/{erasure_id} says how far that is."
)
ATTRIBUTION = (
    "There are no experiences here whose share in later purchases could be told. GET "
    "/api/segment/{name}/summary tells how a segment grew, GET /api/audiences/{slug}/sizes its "
    "sizes."
)


class ElsewhereError(UserError):
    """Lytics has this address, and here it is another one that does its work."""

    code = "elsewhere"

    def __init__(self, instead: str) -> None:
        super().__init__(f"Coterie does not have this address of Lytics. {instead}")


@route(
    "/v2/attributes/{table:str}/{key:str}/{value:str}",
    http_method=["GET", "PUT", "PATCH", "DELETE"],
    summary="Attributes of one profile in Lytics",
    tags=["elsewhere"],
    sync_to_thread=False,
)
def refuse_attributes() -> None:
    """Say how values of a profile are read and written."""
    raise ElsewhereError(ATTRIBUTES)


@get(
    "/v2/identity/lookup",
    summary="Looking an identifier up in Lytics",
    tags=["elsewhere"],
    sync_to_thread=False,
)
def refuse_lookup() -> None:
    """Say how an identifier is looked up."""
    raise ElsewhereError(IDENTITY)


@get(
    "/v2/identity/{table:str}/{field:str}/{value:str}",
    summary="Inspecting an identity in Lytics",
    tags=["elsewhere"],
    sync_to_thread=False,
)
def refuse_inspection() -> None:
    """Say how an identity is looked into."""
    raise ElsewhereError(IDENTITY)


@route(
    "/v2/identity/{table:str}/{field:str}/{value:str}",
    http_method=["DELETE"],
    summary="Forgetting a person in Lytics",
    tags=["elsewhere"],
    sync_to_thread=False,
)
def refuse_deletion() -> None:
    """Say how a person is forgotten."""
    raise ElsewhereError(ERASING)


@post(
    "/v2/identity/delete",
    summary="Forgetting people in Lytics",
    tags=["elsewhere"],
    sync_to_thread=False,
)
def refuse_deletions() -> None:
    """Say how people are forgotten."""
    raise ElsewhereError(ERASING)


@get(
    ["/v2/identity/delete/status", "/v2/identity/delete/status/{request_id:str}"],
    summary="How far forgetting is in Lytics",
    tags=["elsewhere"],
    sync_to_thread=False,
)
def refuse_status() -> None:
    """Say how the state of an erasure is asked for."""
    raise ElsewhereError(ERASING)


@get(
    "/api/segment/{name:str}/attribution",
    summary="Attribution in Lytics",
    tags=["elsewhere"],
    sync_to_thread=False,
)
def refuse_attribution() -> None:
    """Say what is known of a segment's worth."""
    raise ElsewhereError(ATTRIBUTION)


ELSEWHERE = (
    refuse_attributes,
    refuse_lookup,
    refuse_inspection,
    refuse_deletion,
    refuse_deletions,
    refuse_status,
    refuse_attribution,
)
