"""The reads of one person that pages and programs wait for, in front of the framework."""

from typing import Literal
from urllib.parse import unquote

import msgspec
from litestar.types import HTTPScope, Send

from coterie.api.asgi import Answer, error_as_answer, send_answer
from coterie.api.auth import check_scope, presented_token
from coterie.api.dependencies import ApiDependencies
from coterie.api.entity import answer_entity, read_entity_request
from coterie.api.errors import http_error
from coterie.api.parameters import read_query
from coterie.api.public import PublicRequest, answer_public
from coterie.api.resources import READ_SCOPE
from coterie.api.targets import is_number
from coterie.api.tokens import TokenDesk
from coterie.api.turnstile import Turnstile
from coterie.base.metrics import http_requests_total

READ_PREFIXES = ("/api/entity/", "/api/me/")
ALLOWED = ((b"allow", b"GET, OPTIONS"),)


class Reading(msgspec.Struct, frozen=True):
    """Whom a request asks about: `at` is the table of an entity, or the account of what is public.

    `route` is the same for all requests of a kind.
    """

    route: Literal["/api/entity", "/api/me"]
    at: str
    field: str
    value: str


class ReadDoor:
    """Answers the requests that `find_reading` finds."""

    def __init__(self, tokens: TokenDesk, dependencies: ApiDependencies) -> None:
        self._tokens = tokens
        self._dependencies = dependencies
        self._turnstile = Turnstile(
            per_second=dependencies.entities.public_rate, clock=dependencies.clock
        )

    async def __call__(self, reading: Reading, scope: HTTPScope, send: Send) -> None:
        """Answer one request."""
        try:
            answer = await self._answer(reading, scope)
        except Exception as error:  # noqa: BLE001 - this is the web error handler of this door
            answer = error_as_answer(error)
        http_requests_total.labels(reading.route, str(answer.status)).inc()
        await send_answer(send, answer)

    async def _answer(self, reading: Reading, scope: HTTPScope) -> Answer:
        if scope["method"] == "OPTIONS":
            return Answer(204, b"", headers=ALLOWED)
        if scope["method"] != "GET":
            return Answer(405, msgspec.json.encode(http_error(405)), headers=ALLOWED)
        headers = dict(scope["headers"])
        known = headers.get(b"if-none-match", b"").decode("latin-1")
        identifier = (reading.field, reading.value)
        entities = self._dependencies.entities
        if reading.route == "/api/me":
            account = int(reading.at)
            self._turnstile.pass_one(account)
            origin = headers.get(b"origin", b"").decode("latin-1")
            visit = PublicRequest(account, identifier, origin, known)
            return await answer_public(entities, visit)
        parameters = read_query(scope["query_string"])
        authorization = headers.get(b"authorization", b"").decode("latin-1")
        grant = await self._tokens.get_grant(presented_token(parameters, authorization))
        check_scope(grant, READ_SCOPE)
        asked = read_entity_request(reading.at, identifier, parameters, known)
        return await answer_entity(self._dependencies, grant, asked)


def find_reading(raw_path: bytes) -> Reading | None:
    """Return whom a request to a path, as it was sent, asks about; None if it is of another form.

    A slash that is encoded belongs to the value, since identifiers may hold some; one more at the
    end means nothing.
    """
    match raw_path.decode("utf-8", "replace").removesuffix("/").split("/"):
        case ["", "api", "entity", table, field, value] if table and field and value:
            return Reading("/api/entity", unquote(table), unquote(field), unquote(value))
        case ["", "api", "me", account, field, value] if is_number(account) and field and value:
            return Reading("/api/me", account, unquote(field), unquote(value))
    return None
