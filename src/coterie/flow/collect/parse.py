"""A request's bytes become events, and refusals where a part cannot be one."""

from collections.abc import Sequence

import msgspec

from coterie.base.errors import UserError
from coterie.flow.collect.body import Item, MalformedBodyError, split_body
from coterie.flow.collect.forms import FORM_TYPE, encode_form, read_form
from coterie.flow.collect.items import Sender, check_size, decode_value, make_event
from coterie.model.events import IncomingEvent, RejectedEvent


class Refusal(msgspec.Struct, frozen=True):
    """An item that is no event: where it stands, and why."""

    position: str
    code: str
    reason: str
    raw: bytes


class Parsed(msgspec.Struct, frozen=True):
    """The events of a request, in order, and what was refused."""

    events: Sequence[IncomingEvent]
    refusals: Sequence[Refusal] = ()


def parse_body(body: bytes, *, content_type: str, sender: Sender) -> Parsed:
    """Return the events in the body of a POST: JSON, one JSON a line, or form fields.

    Parts that are no events are refused one by one; a body of which nothing can be read, or whose
    only event cannot be taken, raises MalformedBodyError or the reason's own error.
    """
    # `curl -d '{…}'` calls JSON a form, and no form begins like that.
    if content_type == FORM_TYPE and not body.lstrip().startswith((b"{", b"[")):
        return parse_fields(body, sender=sender)
    items = split_body(body, content_type=content_type)
    if len(items) == 1 and not items[0].position:
        return Parsed((_read_item(items[0], index=0, sender=sender),))
    return _parse_items(items, sender=sender)


def parse_fields(text: bytes, *, sender: Sender) -> Parsed:
    """Return the one event that form fields or a query string make. Raises as `parse_body`."""
    fields = read_form(text)
    if not fields:
        raise MalformedBodyError(problem="it has no fields")
    raw = encode_form(fields)
    return Parsed((_read_item(Item("", raw, fields), index=0, sender=sender),))


def as_rejected(refusal: Refusal, *, sender: Sender, source: str) -> RejectedEvent:
    """Return `refusal` in the form in which it is kept."""
    return RejectedEvent(
        account=sender.account,
        stream=sender.stream,
        received_at=sender.received_at,
        source=source,
        position=refusal.position,
        reason=f"{refusal.code}: {refusal.reason}",
        body=refusal.raw,
    )


def _parse_items(items: Sequence[Item], *, sender: Sender) -> Parsed:
    events: list[IncomingEvent] = []
    refusals: list[Refusal] = []
    for index, item in enumerate(items):
        try:
            events.append(_read_item(item, index=index, sender=sender))
        except UserError as error:
            refusals.append(Refusal(item.position, error.code, error.message, item.raw))
    return Parsed(events, refusals)


def _read_item(item: Item, *, index: int, sender: Sender) -> IncomingEvent:
    check_size(len(item.raw), sender=sender)
    value = decode_value(item.raw) if item.value is msgspec.UNSET else item.value
    return make_event(value, item.raw.decode(), index=index, sender=sender)
