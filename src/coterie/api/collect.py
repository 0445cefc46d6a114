"""The collect routes: events in, an answer once they are durable."""

import asyncio
from collections.abc import Mapping

import msgspec
from litestar.types import HTTPScope, Receive, Send

from coterie.api.asgi import (
    BODY_SECONDS,
    DRAIN_BYTES,
    Answer,
    RequestBody,
    error_as_answer,
    send_answer,
)
from coterie.api.auth import WrongAccountError, check_scope, presented_token
from coterie.api.bulk import SHOWS_PROFILES, bulk_success, read_bulk_request
from coterie.api.collected import PICTURE, segment_success, success
from coterie.api.dependencies import CollectCalls
from coterie.api.guard import RuleBook, check_address, check_signature, is_signed
from coterie.api.pace import Pace
from coterie.api.parameters import read_flag, read_query
from coterie.api.targets import Target, choose_reading, find_target
from coterie.api.tokens import MissingTokenError, TokenDesk
from coterie.base.metrics import http_requests_total
from coterie.control.scopes import allows
from coterie.flow.collect.forms import without_fields
from coterie.flow.eventlog.queue import LogUnavailableError
from coterie.flow.run.collect import Collector, CollectRequest, CollectResult
from coterie.model.control import Grant
from coterie.model.intake import DoorRules

NEEDED_SCOPE = "data_write"
SOURCES = {"body": "http", "query": "pixel", "segment": "segment", "currents": "currents"}
SIGNED_FORMS = ("body", "currents")
DOOR_FIELDS = frozenset(
    {b"key", b"access_token", b"account_id", b"dryrun", b"timestamp_field", b"filename",
     b"droperrors"}
)  # fmt: skip


class Caller(msgspec.Struct, frozen=True):
    """Who sends, and what they may; without a token the body has to be signed."""

    account: int
    token_id: int | None
    scopes: tuple[str, ...]


class Heading(msgspec.Struct, frozen=True):
    """The headers of a request that matter here, decoded."""

    authorization: str
    content_type: str
    encoding: str
    idempotency_key: str
    wants_json: bool
    length: bytes


class CollectDoor:
    """An ASGI application for the paths of `targets`."""

    def __init__(
        self, tokens: TokenDesk, calls: CollectCalls, *, body_seconds: float = BODY_SECONDS
    ) -> None:
        self._tokens = tokens
        self._calls = calls
        self._body_seconds = body_seconds
        self._rules = RuleBook(calls.find_rules, clock=calls.clock)
        self._pace = Pace(calls.rates, clock=calls.clock)
        self._collector: Collector | None = None

    def open(self, collector: Collector | None) -> None:
        """Let requests through to `collector` from now on; None shuts the door."""
        self._collector = collector

    async def __call__(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        route = "/collect"
        body = RequestBody(receive)
        try:
            target = find_target(scope["path"])
            route = target.route
            answer = await self._answer(scope, target, body)
        except Exception as error:  # noqa: BLE001 - this is the web error handler of this door
            answer = error_as_answer(error)
            await body.drain(dict(scope["headers"]), most=self._most_drained())
        http_requests_total.labels(route, str(answer.status)).inc()
        await send_answer(send, answer)

    def _most_drained(self) -> int:
        limit = 0 if self._collector is None else self._collector.options.request_limit
        return max(DRAIN_BYTES, 2 * limit)

    async def _answer(self, scope: HTTPScope, target: Target, body: RequestBody) -> Answer:
        reading = choose_reading(scope, target)
        is_pixel = reading.form == "query"
        heading = read_heading(scope)
        query = scope["query_string"]
        parameters = read_query(query)
        caller, rules = await self._admit(scope, target, parameters, heading)
        collector = self._collector
        if collector is None:
            raise LogUnavailableError(reason="the server starts or stops")
        if reading.form == "bulk":
            load = read_bulk_request(
                caller,
                target.stream,
                parameters,
                content_type=heading.content_type,
                key=heading.idempotency_key,
            )
            pieces = body.pieces(
                limit=self._calls.bulk_limit, announced=heading.length, seconds=self._body_seconds
            )
            return bulk_success(await self._calls.load_bulk(load, pieces), load)
        if is_pixel:
            payload = without_fields(query, DOOR_FIELDS)
        else:
            limit = collector.options.request_limit
            payload = await body.read(
                limit=limit, announced=heading.length, seconds=self._body_seconds
            )
            if caller.token_id is None and rules is not None:
                check_signature(rules, dict(scope["headers"]), payload)
                self._pace.admit(caller.account, None)
        request = CollectRequest(
            account=caller.account,
            stream=target.stream,
            payload=payload,
            token_id=caller.token_id,
            content_type=heading.content_type,
            encoding=heading.encoding,
            reading=reading,
            is_dryrun=read_flag(parameters, "dryrun"),
            timestamp_field=parameters.get("timestamp_field", ""),
            idempotency_key=heading.idempotency_key,
            source=SOURCES[reading.form],
        )
        drop_errors = read_flag(parameters, "droperrors")
        result = await collector.collect(request)
        events = result.accepted + len(result.refusals)
        self._pace.count(caller.account, caller.token_id, events=events)
        if request.is_dryrun:
            result = await self._preview(result, caller)
        if is_pixel and not heading.wants_json:
            return PICTURE
        if reading.form == "segment":
            return segment_success(result)
        return success(result, request, parameters.get("filename", ""), drop_errors=drop_errors)

    async def _admit(
        self, scope: HTTPScope, target: Target, parameters: Mapping[str, str], heading: Heading
    ) -> tuple[Caller, DoorRules | None]:
        """Return who sends to the stream, and its rules.

        Raises the UserError of a sender who may not, and SentTooFastError. Without a token the
        caller has to check the signature, then the pace, once the body is there: nobody uses up
        what an account may send by naming it.
        """
        presented = presented_token(parameters, heading.authorization)
        may_sign = target.account is not None and target.reading.form in SIGNED_FORMS
        if presented or not may_sign or not is_signed(dict(scope["headers"])):
            grant = await self._tokens.get_grant(presented)
            account = allowed_account(grant, target, parameters)
            caller = Caller(account, grant.token_id, grant.scopes)
        else:
            caller = Caller(target.account or 0, None, (NEEDED_SCOPE,))
        rules = await self._rules.get(caller.account, target.stream)
        check_address(rules, scope, stream=target.stream, proxies=self._calls.trusted_proxies)
        if caller.token_id is None and (rules is None or not rules.secret):
            raise MissingTokenError
        if caller.token_id is not None:
            self._pace.admit(caller.account, caller.token_id)
        return caller, rules

    async def _preview(self, result: CollectResult, caller: Caller) -> CollectResult:
        """Return the result of a dry run with what its events would do."""
        shows = allows(caller.scopes, SHOWS_PROFILES)
        preview = await asyncio.to_thread(self._calls.preview, caller.account, result.events, shows)
        return msgspec.structs.replace(result, preview=preview)


def read_heading(scope: HTTPScope) -> Heading:
    """Return the headers that matter here."""
    found = dict(scope["headers"])

    def header(name: bytes) -> str:
        return found.get(name, b"").decode("latin-1").strip()

    return Heading(
        authorization=header(b"authorization"),
        content_type=header(b"content-type").partition(";")[0].rstrip().lower(),
        encoding=header(b"content-encoding").lower(),
        idempotency_key=header(b"idempotency-key"),
        wants_json=b"application/json" in found.get(b"accept", b""),
        length=found.get(b"content-length", b""),
    )


def allowed_account(grant: Grant, target: Target, parameters: Mapping[str, str]) -> int:
    """Return the account that the events belong to. Raises WrongAccountError, MissingScopeError."""
    asked = parameters.get("account_id", "") if target.account is None else str(target.account)
    if asked and asked != str(grant.account):
        raise WrongAccountError(account=asked)
    check_scope(grant, NEEDED_SCOPE)
    return grant.account
