"""Batches of Braze Currents' custom HTTP connector become events."""

import msgspec

from coterie.base.errors import UserError
from coterie.flow.collect.body import MalformedBodyError, locate
from coterie.flow.collect.items import Sender, check_size, decode_value, make_event
from coterie.flow.collect.parse import Parsed, Refusal
from coterie.model.events import IncomingEvent

TIME_KEY = "time"
ID_KEY = "id"


class _Batch(msgspec.Struct, frozen=True):
    events: list[msgspec.Raw]


_BATCH = msgspec.json.Decoder(_Batch)


def parse_currents(body: bytes, *, sender: Sender) -> Parsed:
    """Return the events of a batch, which may be empty; each counts once by its `id`.

    Braze drops an event whose batch of one is answered 400, so a bad event is refused alone and
    kept, and its batch is taken. Raises MalformedBodyError for what is no batch.
    """
    sender = msgspec.structs.replace(sender, id_key=ID_KEY, timestamp_field=TIME_KEY)
    events: list[IncomingEvent] = []
    refusals: list[Refusal] = []
    for index, raw in enumerate(_read_batch(body).events):
        text = bytes(raw)
        try:
            check_size(len(text), sender=sender)
            value = decode_value(text)
            events.append(make_event(value, text.decode(), index=index, sender=sender))
        except UserError as error:
            position = f"event {index + 1}"
            refusals.append(Refusal(position, error.code, error.message, text))
    return Parsed(events, refusals)


def _read_batch(body: bytes) -> _Batch:
    try:
        return _BATCH.decode(body)
    except msgspec.ValidationError as error:
        problem = f"a batch of Currents is an object with the array `events` ({error})"
        raise MalformedBodyError(problem=problem) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        problem, position = locate(error, body)
        raise MalformedBodyError(problem=problem, position=position) from error
