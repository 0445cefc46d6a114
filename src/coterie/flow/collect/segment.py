"""Requests of the Segment spec become events.

The shapes are those of https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/
and of what the SDKs of Segment and RudderStack send.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from coterie.base.errors import UserError
from coterie.flow.collect.body import MalformedBodyError, locate
from coterie.flow.collect.items import Sender, check_size, decode_value, make_event
from coterie.flow.collect.parse import Parsed, Refusal
from coterie.flow.collect.times import UnreadableTimeError, read_instant
from coterie.model.events import IncomingEvent
from coterie.model.readings import SEGMENT_CALLS

# A device whose clock is this wrong is corrected by what it said of the time when it sent; less is
# the time that the request was on its way.
TOLERATED_SKEW = timedelta(seconds=30)
TIME_KEYS = ("originalTimestamp", "timestamp")


class BadCallError(UserError):
    """A message of the Segment spec lacks what makes it one."""

    code = "bad_call"


class _Batch(msgspec.Struct, frozen=True, rename="camel"):
    batch: list[msgspec.Raw]
    sent_at: Any = None
    context: dict[str, Any] | None = None


_BATCH = msgspec.json.Decoder(_Batch)


def parse_segment(body: bytes, *, call: str, sender: Sender) -> Parsed:
    """Return the events of one call, or of a batch of them; each has its `type`.

    A part of a batch that is no message is refused alone. Raises MalformedBodyError, or for a
    single call the reason's own error.
    """
    if call in SEGMENT_CALLS:
        value = _decode(body)
        return Parsed((_make(value, body, index=0, sender=sender, batch=None, call=call),))
    batch = _read_batch(body)
    events: list[IncomingEvent] = []
    refusals: list[Refusal] = []
    for index, raw in enumerate(batch.batch):
        text = bytes(raw)
        try:
            value = decode_value(text)
            events.append(_make(value, text, index=index, sender=sender, batch=batch, call=""))
        except UserError as error:
            position = f"message {index + 1}"
            refusals.append(Refusal(position, error.code, error.message, text))
    return Parsed(events, refusals)


def _decode(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        problem, position = locate(error, body)
        raise MalformedBodyError(problem=problem, position=position) from error


def _read_batch(body: bytes) -> _Batch:
    try:
        return _BATCH.decode(body)
    except msgspec.ValidationError as error:
        problem = f"a batch is an object with the array `batch` ({error})"
        raise MalformedBodyError(problem=problem) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        problem, position = locate(error, body)
        raise MalformedBodyError(problem=problem, position=position) from error


def _make(
    value: Any, raw: bytes, *, index: int, sender: Sender, batch: _Batch | None, call: str
) -> IncomingEvent:
    check_size(len(raw), sender=sender)
    if not isinstance(value, dict):
        raise BadCallError("A message must be a JSON object. Correct it and send it again.")
    message = _complete(value, call=call, context=None if batch is None else batch.context)
    _check(message)
    text = raw.decode() if message is value else msgspec.json.encode(message).decode()
    event = make_event(message, text, index=index, sender=sender)
    sent_at = message.get("sentAt") or (None if batch is None else batch.sent_at)
    occurred = _happened(message, sent_at=sent_at, received_at=sender.received_at)
    return msgspec.structs.replace(event, occurred_at=occurred)


def _complete(
    message: dict[str, Any], *, call: str, context: dict[str, Any] | None
) -> dict[str, Any]:
    """Return the message with the type of its route and what its batch says for all messages."""
    if call and message.get("type") != call:
        message = {**message, "type": call}
    if context and context.keys() - (message.get("context") or {}).keys():
        message = {**message, "context": {**context, **(message.get("context") or {})}}
    return message


def _check(message: dict[str, Any]) -> None:
    kind = message.get("type")
    if kind not in SEGMENT_CALLS:
        raise BadCallError(
            message=f"The type of a message is one of {', '.join(SEGMENT_CALLS)}, and this one's "
            f"is {kind!r}."
        )
    if not any(_names(message.get(key)) for key in ("userId", "anonymousId", "previousId")):
        raise BadCallError("A message needs userId or anonymousId, and this one has neither.")


def _names(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and value != ""


def _happened(
    message: dict[str, Any], *, sent_at: object, received_at: datetime
) -> datetime | None:
    """Return when a message happened by our clock, never later than now; None if it says nothing.

    As in the Segment spec: the time that the device noted, moved by what its clock is wrong. A call
    that says itself when something happened (`timestamp` beside no `originalTimestamp`) is taken
    at its word unless the device's clock is known to be wrong.
    """
    noted = _read_time(message, TIME_KEYS)
    if noted is None:
        return None
    sent = read_instant(sent_at)
    skew = timedelta() if sent is None else received_at - sent
    if abs(skew) > TOLERATED_SKEW:
        noted += skew
    return min(noted, received_at)


def _read_time(message: dict[str, Any], keys: Sequence[str]) -> datetime | None:
    for key in keys:
        value = message.get(key)
        if value is None or value == "":
            continue
        instant = read_instant(value)
        if instant is None:
            raise UnreadableTimeError(field=key, value=value)
        return instant
    return None
