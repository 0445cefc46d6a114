"""Run refused and rejected events again, as they were or repaired."""

from datetime import datetime

import msgspec

from coterie.base.errors import UserError
from coterie.flow.collect.currents import parse_currents
from coterie.flow.collect.forms import FORM_TYPE
from coterie.flow.collect.items import Sender, check_size, decode_value, make_event
from coterie.flow.collect.keep import find_rejected, mark_rejected_repaired
from coterie.flow.collect.parse import Parsed, parse_body
from coterie.flow.collect.segment import parse_segment
from coterie.flow.eventlog.bulk import append_events
from coterie.flow.eventlog.lanes import is_bulk, list_live_lanes
from coterie.flow.eventlog.outcomes import find_open_outcome, mark_repaired
from coterie.flow.eventlog.read import read_next_after
from coterie.model.events import IncomingEvent, RejectedEvent
from coterie.store import Connection

EVENT_LIMIT = 1_000_000


class UnknownRejectedError(UserError):
    """There is no such rejected event, or it was run again before."""

    code = "unknown_rejected_event"

    def __init__(self, *, ref: str) -> None:
        super().__init__(
            f"There is no rejected event {ref!r} that waits for a repair. The stream's page and "
            "`coterie stream rejected` list them."
        )


class RefusedAgainError(UserError):
    """A repaired event is still none."""

    code = "refused_again"

    def __init__(self, *, code: str, reason: str) -> None:
        super().__init__(f"It is refused again ({code}): {reason}")


class Repair(msgspec.Struct, frozen=True, kw_only=True):
    """A rejected event to be run again; `body` None leaves it as it came.

    `ref` is the number of one that a door refused, or lane-number of one in the log.
    """

    account: int
    stream: str
    ref: str
    body: str | None = None


def run_again(conn: Connection, repair: Repair, *, actor: str, now: datetime) -> int:
    """Append the event to the log in the caller's transaction; return how many events it made.

    It counts as received now, so that the schema of now maps it, and as happened when it came
    first, unless it says otherwise. Raises UnknownRejectedError, or what is still wrong with it.
    """
    if "-" in repair.ref:
        return _run_logged(conn, repair, actor=actor, now=now)
    number = repair.ref
    rejected = None
    if number.isascii() and number.isdigit() and len(number) <= 18:
        rejected = find_rejected(conn, repair.account, int(number))
    if rejected is None or rejected.stream != repair.stream:
        raise UnknownRejectedError(ref=repair.ref)
    body = rejected.body if repair.body is None else repair.body.encode("utf-8", "surrogatepass")
    parsed = _parse(rejected, body, now)
    if parsed.refusals:
        raise RefusedAgainError(code=parsed.refusals[0].code, reason=parsed.refusals[0].reason)
    events = [
        msgspec.structs.replace(event, occurred_at=event.occurred_at or rejected.received_at)
        for event in parsed.events
    ]
    lanes = list_live_lanes(conn)
    mark_rejected_repaired(conn, int(number), by=actor, now=now)
    if events:
        append_events(conn, lanes[events[0].route % len(lanes)], events)
    return len(events)


def _parse(rejected: RejectedEvent, body: bytes, now: datetime) -> Parsed:
    sender = Sender(
        account=rejected.account,
        stream=rejected.stream,
        received_at=now,
        event_limit=EVENT_LIMIT,
    )
    start = body.lstrip()[:1]
    if rejected.source == "segment" and start == b"{":
        return parse_segment(_in_batch(body, "batch"), call="batch", sender=sender)
    if rejected.source == "currents" and start == b"{":
        return parse_currents(_in_batch(body, "events"), sender=sender)
    is_form = start not in (b"{", b"[") and b"=" in body and rejected.source in ("http", "pixel")
    return parse_body(body, content_type=FORM_TYPE if is_form else "", sender=sender)


def _in_batch(body: bytes, key: str) -> bytes:
    """Return a batch of one message; a body that is a batch already stays."""
    value = decode_value(body)
    if isinstance(value, dict) and isinstance(value.get(key), list):
        return body
    return b'{"' + key.encode() + b'":[' + body + b"]}"


def _run_logged(conn: Connection, repair: Repair, *, actor: str, now: datetime) -> int:
    lane, _, seq = repair.ref.partition("-")
    if not (lane.isdigit() and seq.isdigit() and len(lane) < 10 and len(seq) <= 18):
        raise UnknownRejectedError(ref=repair.ref)
    place = (int(lane), int(seq))
    if not find_open_outcome(conn, repair.account, repair.stream, *place):
        raise UnknownRejectedError(ref=repair.ref)
    found = read_next_after(conn, place[0], place[1] - 1, limit=1)
    if not found or found[0].seq != place[1]:
        raise UnknownRejectedError(ref=repair.ref)
    event = found[0]
    sender = Sender(
        account=event.account, stream=event.stream, received_at=now, event_limit=EVENT_LIMIT
    )
    text = event.body if repair.body is None else repair.body
    check_size(len(text), sender=sender)
    made: IncomingEvent = make_event(decode_value(text.encode()), text, index=0, sender=sender)
    # Its message id is known from the first time; the mark below keeps it from counting twice.
    made = msgspec.structs.replace(
        made, message_hash=None, occurred_at=event.occurred_at or event.received_at
    )
    mark_repaired(conn, *place, by=actor, now=now)
    lanes = list_live_lanes(conn)
    append_events(conn, lanes[made.route % len(lanes)] if is_bulk(place[0]) else place[0], [made])
    return 1
