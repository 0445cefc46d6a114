"""Keeps the events of people who were forgotten from coming back, and out of the log."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from coterie.flow.eventlog.erase import NOTHING, rewrite_events
from coterie.flow.identity.suppression import find_suppressed
from coterie.flow.mapping.mapper import RejectedMapping
from coterie.flow.run.context import AccountContext
from coterie.flow.run.scrub import Scrubber
from coterie.model.events import EventOutcome, LoggedEvent
from coterie.model.mapped import Identifier, MappedEvent
from coterie.store import Connection

REASON = "its person was forgotten"


class Sifted(NamedTuple):
    """The events that may go on, the verdicts on the others, and bodies that were rewritten."""

    kept: list[MappedEvent]
    outcomes: list[EventOutcome]
    bodies: dict[tuple[int, int], str]


def sift(
    conn: Connection, context: AccountContext, events: Sequence[tuple[LoggedEvent, MappedEvent]]
) -> Sifted:
    """Erase the events that are of forgotten people, and their identifiers in others' events."""
    named = {item for _, mapped in events for item in mapped.identifiers}
    nodes = {context.name_node(item): item for item in named}
    found = find_suppressed(conn, context.number, nodes.keys())
    until = {nodes[node]: instant for node, instant in found.items()}
    if not until:
        return Sifted([mapped for _, mapped in events], [], {})
    kept: list[MappedEvent] = []
    outcomes: list[EventOutcome] = []
    bodies: dict[LoggedEvent, str] = {}
    for event, mapped in events:
        gone = _suppressed(mapped.identifiers, until, event.received_at)
        if not gone:
            kept.append(mapped)
            continue
        body, left = without(context, event, mapped, gone)
        bodies[event] = body
        if left is None:
            outcomes.append(erased(event))
        else:
            kept.append(left)
    rewrite_events(conn, bodies)
    rewritten = {(event.lane, event.seq): body for event, body in bodies.items()}
    return Sifted(kept, outcomes, rewritten)


def without(
    context: AccountContext,
    event: LoggedEvent,
    mapped: MappedEvent,
    gone: frozenset[Identifier],
) -> tuple[str, MappedEvent | None]:
    """Return an event's body, and what it says, without these identifiers.

    An event whose strongest identifier is among them is theirs, and is erased whole; so is one that
    still names them when every value that does is taken out.
    """
    if mapped.identifiers[0] in gone:
        return NOTHING, None
    body = Scrubber(value for _, value in gone).scrub(event.body)
    left = context.mapper.map(msgspec.structs.replace(event, body=body))
    if isinstance(left, RejectedMapping) or gone & set(left.identifiers):
        return NOTHING, None
    return body, left


def erased(event: LoggedEvent) -> EventOutcome:
    """Return the verdict on an event that was erased."""
    return EventOutcome(
        lane=event.lane,
        seq=event.seq,
        account=event.account,
        stream=event.stream,
        kind="erased",
        reason=REASON,
    )


def _suppressed(
    identifiers: Iterable[Identifier], until: dict[Identifier, datetime], received_at: datetime
) -> frozenset[Identifier]:
    return frozenset(item for item in identifiers if item in until and received_at < until[item])
