"""Map the newest events by two schemas, and tell what differs. Nothing is written."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from coterie.flow.eventlog.read import read_newest
from coterie.flow.mapping.mapper import Mapper, RejectedMapping
from coterie.model.config import AccountConfig
from coterie.model.events import LoggedEvent
from coterie.model.mapped import MappedEvent
from coterie.model.schema import Schema
from coterie.model.schema_preview import FieldEffect, ReadAs, SchemaPreview, StreamEffect
from coterie.store import Connection

EVENTS_A_STREAM = 200
MOST_STREAMS = 50
MOST_EXAMPLES = 3
LONGEST_EXAMPLE = 200

Mapped = MappedEvent | RejectedMapping


def preview_schema(
    conn: Connection, config: AccountConfig, draft: Schema, *, hides_personal: bool
) -> SchemaPreview:
    """Return what `draft` would make of the newest events in place of the version in force."""
    current = config.schemas[-1]
    before, after = _mapper(config, current), _mapper(config, draft)
    mapped = {mapping.stream for mapping in (*current.mappings, *draft.mappings)}
    return SchemaPreview(
        streams=tuple(
            _compare(
                stream,
                [(event, before.map(event), after.map(event)) for event in events],
                (current, draft),
                hides_personal=hides_personal,
            )
            for stream in sorted(mapped)[:MOST_STREAMS]
            if (events := read_newest(conn, config.number, stream, limit=EVENTS_A_STREAM))
        )
    )


def _mapper(config: AccountConfig, schema: Schema) -> Mapper:
    return Mapper(msgspec.structs.replace(config, schemas=(schema,), trackers=()))


def _compare(
    stream: str,
    events: Sequence[tuple[LoggedEvent, Mapped, Mapped]],
    schemas: tuple[Schema, Schema],
    *,
    hides_personal: bool,
) -> StreamEffect:
    tally = _Tally(*schemas, hides_personal=hides_personal)
    refusals: Counter[str] = Counter()
    otherwise = 0
    for _, before, after in events:
        if isinstance(after, RejectedMapping):
            refusals[after.reason] += 1
        elif isinstance(before, MappedEvent) and before.identifiers != after.identifiers:
            otherwise += 1
        tally.add(before, after)
    return StreamEffect(
        stream=stream,
        events=len(events),
        since=min(event.received_at for event, _, _ in events),
        counted_before=sum(isinstance(before, MappedEvent) for _, before, _ in events),
        counted_after=sum(isinstance(after, MappedEvent) for _, _, after in events),
        named_otherwise=otherwise,
        refusals=dict(refusals.most_common()),
        fields=tally.effects(),
    )


class _Tally:
    """Counts by field how events differ, under the name that the draft gives it."""

    def __init__(self, before: Schema, after: Schema, *, hides_personal: bool) -> None:
        self._names = {field.id: field.name for field in (*before.fields, *after.fields)}
        # What is personal under either schema stays hidden.
        self._personal = {field.name for field in (*before.fields, *after.fields) if field.is_pii}
        self._hides = hides_personal
        self._counts: dict[str, Counter[str]] = {}
        self._examples: dict[str, list[ReadAs]] = {}

    def add(self, before: Mapped, after: Mapped) -> None:
        """Count one event."""
        was, now = self._values(before), self._values(after)
        for name in was.keys() | now.keys():
            if was.get(name) == now.get(name):
                continue
            how = "gained" if name not in was else "lost" if name not in now else "changed"
            self._counts.setdefault(name, Counter())[how] += 1
            seen = ReadAs(before=_shown(was.get(name)), after=_shown(now.get(name)))
            examples = self._examples.setdefault(name, [])
            if len(examples) < MOST_EXAMPLES and seen not in examples:
                examples.append(seen)

    def effects(self) -> tuple[FieldEffect, ...]:
        """Return the fields that differ, by name."""
        return tuple(
            FieldEffect(
                field=name,
                is_personal=name in self._personal,
                gained=counts["gained"],
                lost=counts["lost"],
                changed=counts["changed"],
                examples=()
                if self._hides and name in self._personal
                else tuple(self._examples[name]),
            )
            for name, counts in sorted(self._counts.items())
        )

    def _values(self, mapped: Mapped) -> dict[str, list[Any]]:
        if isinstance(mapped, RejectedMapping):
            return {}
        found: dict[str, list[Any]] = {}
        for field_id, value in mapped.values:
            found.setdefault(self._names[field_id], []).append(value)
        return found


def _shown(values: list[Any] | None) -> Any:
    """Return what an event says of a field as JSON has it, long texts cut."""
    if values is None:
        return None
    plain = msgspec.to_builtins(values[0] if len(values) == 1 else values)
    text = plain if isinstance(plain, str) else msgspec.json.encode(plain).decode()
    return plain if len(text) <= LONGEST_EXAMPLE else f"{text[:LONGEST_EXAMPLE]}…"
