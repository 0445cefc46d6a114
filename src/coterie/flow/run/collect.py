"""The way of a request from its bytes to durable events."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import msgspec

from coterie.base.clock import Clock
from coterie.base.errors import UserError
from coterie.base.metrics import events_refused_total
from coterie.base.settings import Settings
from coterie.flow.collect.currents import parse_currents
from coterie.flow.collect.items import Sender
from coterie.flow.collect.keep import keep_rejected_async
from coterie.flow.collect.parse import (
    Parsed,
    Refusal,
    as_rejected,
    parse_body,
    parse_fields,
)
from coterie.flow.collect.segment import parse_segment
from coterie.flow.collect.unpack import unpack
from coterie.flow.eventlog.append import GroupCommit
from coterie.flow.eventlog.queue import LogLimits, LogUnavailableError
from coterie.model.events import IncomingEvent, RejectedEvent
from coterie.model.preview import Preview
from coterie.model.readings import BODY, Reading
from coterie.store import AsyncPool, DatabaseError, open_async_pool, ping

KNOWN_STREAMS_LIMIT = 10_000
# Parsing a body beyond this size would hold up the answers to other requests.
INLINE_BYTES = 200_000
POOL_SIZE = 4
CHECK_SECONDS = 2.0

EnsureStream = Callable[[int, str], object]
"""Makes a stream of an account unless it exists; blocking. Raises UserError for a bad name."""


class CollectOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The collector's part of the settings; sizes in bytes."""

    lanes: int = 4
    event_limit: int = 1_000_000
    request_limit: int = 10_000_000
    log: LogLimits = LogLimits()


class CollectRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One request after the door has checked its token.

    `payload` is the body, or by its `reading` the query string without what is meant for the door
    (a refused payload is kept, and a token must not be). `source` names the door.
    """

    account: int
    stream: str
    payload: bytes
    token_id: int | None
    content_type: str = "application/json"
    encoding: str = ""
    reading: Reading = BODY
    is_dryrun: bool = False
    timestamp_field: str = ""
    idempotency_key: str = ""
    source: str = "http"


class CollectResult(msgspec.Struct, frozen=True):
    """How many events were accepted, and what was refused; a dry run also gives the events."""

    accepted: int
    refusals: Sequence[Refusal] = ()
    events: Sequence[IncomingEvent] = ()
    preview: Preview | None = None


class Collector:
    """Takes requests for the event log; one for each process."""

    def __init__(
        self,
        log: GroupCommit,
        pool: AsyncPool,
        *,
        ensure_stream: EnsureStream,
        options: CollectOptions,
        clock: Clock,
    ) -> None:
        self.log = log
        self.options = options
        self._pool = pool
        self._ensure_stream = ensure_stream
        self._clock = clock
        self._streams: set[tuple[int, str]] = set()
        self._stream_lock = asyncio.Lock()

    async def collect(self, request: CollectRequest) -> CollectResult:
        """Return once the events of `request` are durable; a dry run only counts.

        What cannot become an event is kept for repair. Raises the UserError that says what is wrong
        with the whole request, TokenRevokedError, or LogUnavailableError.
        """
        if not request.is_dryrun:
            await self._know_stream(request.account, request.stream)
        sender = Sender(
            account=request.account,
            stream=request.stream,
            received_at=self._clock(),
            event_limit=self.options.event_limit,
            timestamp_field=request.timestamp_field,
            idempotency_key=request.idempotency_key,
        )
        try:
            parsed = await self._parse(request, sender)
        except UserError as error:
            await self._refuse_all(error, request, sender)
            raise
        if request.is_dryrun:
            return CollectResult(len(parsed.events), parsed.refusals, parsed.events)
        await self._store(parsed, request, sender)
        return CollectResult(len(parsed.events), parsed.refusals)

    async def check(self) -> None:
        """Return if events can be taken now. Raises LogUnavailableError."""
        if not self.log.is_running:
            raise LogUnavailableError(reason="it is stopped")
        try:
            async with self._pool.connection(timeout=CHECK_SECONDS) as conn:
                await ping(conn)
        except DatabaseError as error:
            raise LogUnavailableError(reason="the database does not answer") from error

    async def _parse(self, request: CollectRequest, sender: Sender) -> Parsed:
        if len(request.payload) > INLINE_BYTES or request.encoding:
            return await asyncio.to_thread(self._parse_now, request, sender)
        return self._parse_now(request, sender)

    def _parse_now(self, request: CollectRequest, sender: Sender) -> Parsed:
        reading = request.reading
        if reading.form == "query":
            return parse_fields(request.payload, sender=sender)
        limit = self.options.request_limit
        body = unpack(request.payload, encoding=request.encoding, limit=limit)
        if reading.form == "segment":
            return parse_segment(body, call=reading.call, sender=sender)
        if reading.form == "currents":
            return parse_currents(body, sender=sender)
        return parse_body(body, content_type=request.content_type, sender=sender)

    async def _store(self, parsed: Parsed, request: CollectRequest, sender: Sender) -> None:
        # Refusals first: if keeping them fails, the sender is told to send again and no event
        # counts twice.
        if parsed.refusals:
            await self._keep(
                [
                    as_rejected(each, sender=sender, source=request.source)
                    for each in parsed.refusals
                ]
            )
            for refusal in parsed.refusals:
                events_refused_total.labels(refusal.code).inc()
        if parsed.events:
            await self.log.submit(parsed.events, token_id=request.token_id)

    async def _refuse_all(self, error: UserError, request: CollectRequest, sender: Sender) -> None:
        events_refused_total.labels(error.code).inc()
        if request.is_dryrun or not request.payload:
            return
        position = getattr(error, "position", "")
        refusal = Refusal(position, error.code, error.message, request.payload)
        await self._keep([as_rejected(refusal, sender=sender, source=request.source)])

    async def _keep(self, rejected: Sequence[RejectedEvent]) -> None:
        try:
            async with self._pool.connection(timeout=CHECK_SECONDS) as conn:
                await keep_rejected_async(conn, rejected)
        except DatabaseError as error:
            raise LogUnavailableError(reason="refused events cannot be kept") from error

    async def _know_stream(self, account: int, stream: str) -> None:
        known = (account, stream)
        if known in self._streams:
            return
        async with self._stream_lock:
            if known not in self._streams:
                await asyncio.to_thread(self._ensure_stream, account, stream)
                if len(self._streams) >= KNOWN_STREAMS_LIMIT:
                    self._streams.clear()
                self._streams.add(known)


@asynccontextmanager
async def open_collector(
    url: str, *, ensure_stream: EnsureStream, options: CollectOptions, clock: Clock
) -> AsyncIterator[Collector]:
    """Yield a collector on the database at `url`; at the end it writes what waits.

    Raises StoreUnavailableError.
    """
    pool = await open_async_pool(url, min_size=2, max_size=POOL_SIZE)
    try:
        lanes = range(options.lanes)
        async with GroupCommit(pool, lanes=lanes, limits=options.log, clock=clock) as log:
            yield Collector(log, pool, ensure_stream=ensure_stream, options=options, clock=clock)
    finally:
        await pool.close()


def collect_options(settings: Settings) -> CollectOptions:
    """Return the collector's part of the settings."""
    return CollectOptions(
        lanes=settings.lanes,
        event_limit=settings.collect_event_limit_bytes,
        request_limit=settings.collect_request_limit_bytes,
        log=LogLimits(
            group_ms=settings.collect_group_ms,
            queue_requests=settings.collect_queue_limit_requests,
            queue_bytes=settings.collect_queue_limit_bytes,
        ),
    )
