"""One JSON object of a request becomes one event."""

import hashlib
from datetime import datetime
from typing import Any

import msgspec

from coterie.base.errors import UserError
from coterie.flow.collect.route import route_of
from coterie.flow.collect.times import occurred_at
from coterie.model.events import IncomingEvent

MESSAGE_ID_KEYS = ("message_id", "messageId", "_mid")
HASH_BYTES = 16

_KINDS = {
    "bool": "true or false",
    "int": "a number",
    "float": "a number",
    "str": "a text",
    "list": "an array",
    "NoneType": "null",
}


class EventTooLargeError(UserError):
    """One event is larger than the limit."""

    code = "event_too_large"

    def __init__(self, *, size: int, limit: int) -> None:
        super().__init__(
            f"The event has {size:,} bytes; one event may have {limit:,}. Send less, or raise "
            "COTERIE_COLLECT_EVENT_LIMIT_BYTES."
        )


class NotAnObjectError(UserError):
    """An item of a request is JSON but no object."""

    code = "not_an_object"

    def __init__(self, *, value: object) -> None:
        kind = _KINDS.get(type(value).__name__, "something else")
        super().__init__(f"An event must be a JSON object, and this is {kind}.")


class MalformedEventError(UserError):
    """An item of a request is no JSON."""

    code = "malformed_event"

    def __init__(self, *, problem: str) -> None:
        super().__init__(f"The event is not valid JSON: {problem}. Correct it and send it again.")


class Sender(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for every event of one request.

    `timestamp_field` names the field with the event time; `idempotency_key` makes the events of a
    request that is sent twice count once; `id_key` names the key of the message id, where it is not
    one of the usual ones; `event_limit` is in bytes.
    """

    account: int
    stream: str
    received_at: datetime
    event_limit: int
    timestamp_field: str = ""
    idempotency_key: str = ""
    id_key: str = ""


def decode_value(raw: bytes) -> Any:
    """Return the value of one JSON text. Raises MalformedEventError."""
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedEventError(problem=describe(error)) from error
    except RecursionError as error:
        raise MalformedEventError(problem="it is nested too deeply") from error


def make_event(value: object, text: str, *, index: int, sender: Sender) -> IncomingEvent:
    """Return the event whose decoded JSON is `value` and whose JSON is `text`.

    `index` is its place in the request, from 0. Raises NotAnObjectError, UnreadableTimeError.
    """
    if not isinstance(value, dict):
        raise NotAnObjectError(value=value)
    occurred = None
    if sender.timestamp_field:
        occurred = occurred_at(value, field=sender.timestamp_field, received_at=sender.received_at)
    return IncomingEvent(
        account=sender.account,
        stream=sender.stream,
        received_at=sender.received_at,
        body=text,
        occurred_at=occurred,
        message_hash=_message_hash(value, index, sender),
        route=route_of(value),
    )


def check_size(size: int, *, sender: Sender) -> None:
    """Raise EventTooLargeError if an event of `size` bytes is too large."""
    if size > sender.event_limit:
        raise EventTooLargeError(size=size, limit=sender.event_limit)


def describe(error: Exception) -> str:
    """Return what a decoder complains about, in lower case and without its preamble."""
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8"
    text = str(error).removeprefix("JSON is malformed: ")
    return text[:1].lower() + text[1:]


def _message_hash(event: dict[str, Any], index: int, sender: Sender) -> bytes | None:
    for key in (sender.id_key,) if sender.id_key else MESSAGE_ID_KEYS:
        value = event.get(key)
        is_named = isinstance(value, str | int) and not isinstance(value, bool)
        if is_named and value != "":
            return _hash("message", sender.stream, str(value))
    if sender.idempotency_key:
        return _hash("request", sender.stream, sender.idempotency_key, str(index))
    return None


def _hash(*parts: str) -> bytes:
    # The stream belongs to the name of a message: two sources may both count from 1.
    hasher = hashlib.blake2b(digest_size=HASH_BYTES)
    for part in parts:
        encoded = part.encode()
        hasher.update(len(encoded).to_bytes(4, "big"))
        hasher.update(encoded)
    return hasher.digest()
