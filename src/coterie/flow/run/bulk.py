"""The way of a bulk load from its bytes to durable events."""

import io
import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import BinaryIO

import msgspec

from coterie.base.clock import Clock
from coterie.base.errors import TransientError, UserError
from coterie.flow.collect.bulk import Made, is_json, make_made, open_bulk, read_lines
from coterie.flow.collect.items import Sender
from coterie.flow.collect.keep import keep_rejected
from coterie.flow.collect.parse import Refusal, as_rejected
from coterie.flow.eventlog.append import TokenRevokedError
from coterie.flow.eventlog.bulk import append_events, token_holds
from coterie.flow.eventlog.lanes import count_bulk_waiting, list_bulk_lanes
from coterie.flow.imports.rows import ENCODING, ENCODING_ERRORS, BadRow, read_rows
from coterie.flow.run.preview import MOST_EVENTS, Previewer
from coterie.model.bulk import BadRowNote, BulkOutcome, BulkRequest
from coterie.model.events import IncomingEvent
from coterie.model.imports import CsvFormat
from coterie.store import Store

SOURCE = "bulk"
CHUNK_ROWS = 2_000
REFUSALS_SHOWN = 20
RETRY_SECONDS = 30.0


class BadRowsError(UserError):
    """Rows of a strict bulk load are bad, so that nothing of it was taken."""

    code = "bad_rows"

    def __init__(self, *, count: int, first: BadRowNote) -> None:
        rows = "One row is" if count == 1 else f"{count:,} rows are"
        super().__init__(
            f"{rows} bad, the first at {first.position}: {first.reason} Nothing was stored. "
            "Correct the load and send it again, with droperrors=true to leave bad rows out, or "
            "with dryrun=true to see more of them."
        )


class BulkBacklogError(TransientError):
    """So many events of bulk loads wait for a worker that no more are taken."""

    code = "bulk_backlog"

    def __init__(self, *, waiting: int) -> None:
        super().__init__(
            f"{waiting:,} events of earlier bulk loads wait for a worker. Send the load again "
            "later, start more workers (COTERIE_WORKER_PROCESSES), or raise "
            "COTERIE_COLLECT_BULK_WAITING_EVENTS.",
            retry_after=RETRY_SECONDS,
        )


class BulkLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Sizes in bytes; `waiting_events` of earlier loads may wait for a worker."""

    event: int = 1_000_000
    body: int = 1_000_000_000
    waiting_events: int = 2_000_000


class BulkLoader:
    """Takes bulk loads into the log of one database."""

    def __init__(
        self,
        store: Store,
        *,
        limits: BulkLimits,
        clock: Clock,
        previewer: Callable[[], Previewer],
    ) -> None:
        self._store = store
        self._limits = limits
        self._clock = clock
        self._previewer = previewer

    def check_backlog(self) -> None:
        """Return if a load may be taken now. Raises BulkBacklogError."""
        with self._store.transaction() as conn:
            waiting = count_bulk_waiting(conn)
        if waiting > self._limits.waiting_events:
            raise BulkBacklogError(waiting=waiting)

    def load(self, request: BulkRequest, body: BinaryIO, *, digest: bytes) -> BulkOutcome:
        """Take a load; return once its events are durable. A dry run stores nothing.

        `digest` is that of the body's bytes, so that a load that is sent again counts once. Unless
        bad rows may be dropped, all rows are looked at before the first is stored. Raises
        BadRowsError, TokenRevokedError, or the UserError that says what is wrong with the whole.
        """
        sender = Sender(
            account=request.account,
            stream=request.stream,
            received_at=self._clock(),
            event_limit=self._limits.event,
            timestamp_field=request.timestamp_field,
            idempotency_key=request.idempotency_key or f"bulk {digest.hex()}",
        )
        if request.is_dryrun:
            return self._try(request, body, sender)
        if not request.drop_errors:
            checked = self._count(self._read(request, body, sender))
            if checked.rejected:
                raise BadRowsError(count=checked.rejected, first=checked.refusals[0])
        return self._store_all(request, body, sender)

    def _try(self, request: BulkRequest, body: BinaryIO, sender: Sender) -> BulkOutcome:
        first: list[IncomingEvent] = []

        def remember(made: Iterable[Made]) -> Iterator[Made]:
            for one in made:
                if isinstance(one, IncomingEvent) and len(first) < MOST_EVENTS:
                    first.append(one)
                yield one

        outcome = self._count(remember(self._read(request, body, sender)))
        preview = self._previewer().preview(
            request.account, first, with_profiles=request.shows_profiles
        )
        return msgspec.structs.replace(outcome, preview=preview)

    def _count(self, made: Iterable[Made]) -> BulkOutcome:
        counts: Counter[bool] = Counter()
        notes: list[BadRowNote] = []
        for one in made:
            counts[isinstance(one, Refusal)] += 1
            if isinstance(one, Refusal) and len(notes) < REFUSALS_SHOWN:
                notes.append(BadRowNote(one.position, one.code, one.reason))
        return BulkOutcome(accepted=counts[False], rejected=counts[True], refusals=tuple(notes))

    def _store_all(self, request: BulkRequest, body: BinaryIO, sender: Sender) -> BulkOutcome:
        with self._store.transaction() as conn:
            lanes = list_bulk_lanes(conn)
        # Loads begin at different lanes, so that several workers share them.
        start = int.from_bytes(sender.idempotency_key.encode()[-4:], "big") % len(lanes)
        turns = itertools.cycle(lanes[start:] + lanes[:start])
        total = BulkOutcome(accepted=0, rejected=0)
        made = iter(self._read(request, body, sender))
        while chunk := list(itertools.islice(made, CHUNK_ROWS)):
            self._write(chunk, request, sender, lane=next(turns))
            part = self._count(chunk)
            total = BulkOutcome(
                accepted=total.accepted + part.accepted,
                rejected=total.rejected + part.rejected,
                refusals=(total.refusals + part.refusals)[:REFUSALS_SHOWN],
            )
        return total

    def _write(
        self, chunk: Sequence[Made], request: BulkRequest, sender: Sender, *, lane: int
    ) -> None:
        events = [one for one in chunk if isinstance(one, IncomingEvent)]
        rejected = [
            as_rejected(one, sender=sender, source=SOURCE)
            for one in chunk
            if isinstance(one, Refusal)
        ]
        with self._store.transaction() as conn:
            if not token_holds(conn, request.token_id, now=self._clock()):
                raise TokenRevokedError
            keep_rejected(conn, rejected)
            append_events(conn, lane, events)

    def _read(self, request: BulkRequest, body: BinaryIO, sender: Sender) -> Iterator[Made]:
        stream = open_bulk(body, limit=self._limits.body)
        if is_json(stream, content_type=request.content_type):
            return read_lines(stream, append=request.append, sender=sender)
        return _read_csv(stream, request, sender)


def _read_csv(stream: io.BufferedReader, request: BulkRequest, sender: Sender) -> Iterator[Made]:
    lines = io.TextIOWrapper(stream, encoding=ENCODING, errors=ENCODING_ERRORS, newline="")
    form = CsvFormat(delimiter=request.delimiter, header=request.headers)
    name = request.filename or "the load"
    for row in read_rows(lines, form, name=name):
        position = f"line {row.line}"
        if isinstance(row, BadRow):
            raw = row.raw.encode("utf-8", "surrogateescape")
            yield Refusal(position, "bad_row", f"The row {_as_clause(row.reason)}.", raw)
            continue
        text = row.columns.event(row.cells)
        yield make_made(text, request.append, position=position, index=row.number, sender=sender)


def _as_clause(reason: str) -> str:
    return reason.removeprefix("it ")
