"""Turn a logged event into identifiers with field values, by the schema in force when it came."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

import msgspec

from coterie.base.clock import to_us
from coterie.flow.mapping.coerce import coercion, to_string
from coterie.flow.mapping.identify import identification
from coterie.flow.mapping.occurrences import Watcher
from coterie.lang.lql import (
    CompiledMapping,
    Fit,
    MappingRule,
    Values,
    compile_mapping,
    find_unreadable,
)
from coterie.model.config import AccountConfig
from coterie.model.events import LoggedEvent
from coterie.model.intake import without_keys
from coterie.model.mapped import Identifier, MappedEvent
from coterie.model.schema import SCALAR_KINDS, Field, Mapping, Schema

_decode = msgspec.json.Decoder(dict[str, Any]).decode


class RejectedMapping(msgspec.Struct, frozen=True):
    """Why an event made no difference to any profile.

    `is_unreadable`: not for what it says, but because nobody can read the stream's mappings.
    """

    reason: str
    is_unreadable: bool = False


class _StreamMapper(msgspec.Struct, frozen=True):
    """The rules of a stream, ready to run; `identifying`: stored name and rank by field id.

    The rules of identifying fields come first. `refusal` is what becomes of every event.
    """

    compiled: CompiledMapping
    identifying: dict[int, tuple[str, int]]
    mappings: tuple[Mapping, ...]
    refusal: RejectedMapping | None


class Traced(msgspec.Struct, frozen=True):
    """A value that an event said of a field, with the mapping that took it, of schema `version`."""

    field_id: int
    value: Any
    mapping: Mapping
    version: int


class Mapper:
    """Maps the events of one account; build one for each `AccountConfig`."""

    def __init__(self, config: AccountConfig) -> None:
        self._schemas = config.schemas
        self._published = [schema.published_at for schema in config.schemas]
        self._trusted = config.trusted_streams
        self._watcher = Watcher(config.trackers) if config.trackers else None
        self._own = config.own
        self._mappers: dict[tuple[int, str], _StreamMapper] = {}
        self._tracers: dict[tuple[int, str], CompiledMapping] = {}

    def map(self, event: LoggedEvent) -> MappedEvent | RejectedMapping:
        """Return what `event` says, or why it says nothing."""
        at = self._version_at(event)
        mapper = self._mappers.get((at, event.stream)) or self._build(at, event.stream)
        if mapper.refusal is not None:
            return mapper.refusal
        body = self._read(event)
        values = mapper.compiled.apply(body, event.received_at)
        if values is None:
            return RejectedMapping("left out by the WHERE of its stream")
        named = _named(values, mapper.identifying)
        if not named:
            return RejectedMapping("no identifier: nothing says whose event this is")
        mapped = self._mapped(event, named, values)
        if self._watcher is None:
            return mapped
        seen = self._watcher.values_in(mapped, body)
        return msgspec.structs.replace(mapped, values=mapped.values + seen) if seen else mapped

    def can_read(self, stream: str) -> bool:
        """Say whether the mappings of the version in force can be read."""
        at = len(self._schemas) - 1
        mapper = self._mappers.get((at, stream)) or self._build(at, stream)
        return mapper.refusal is None or not mapper.refusal.is_unreadable

    def trace(self, event: LoggedEvent) -> tuple[Traced, ...]:
        """Return the values that `map` returns, each with where it comes from."""
        at = self._version_at(event)
        mapper = self._mappers.get((at, event.stream)) or self._build(at, event.stream)
        if mapper.refusal is not None:
            return ()
        tracer = self._tracers.get((at, event.stream))
        if tracer is None:
            tracer = _compile(self._schemas[at], event.stream, mapper.mappings, by_place=True)
            self._tracers[at, event.stream] = tracer
        found = tracer.apply(self._read(event), event.received_at) or ()
        fields = {field.name: field.id for field in self._schemas[at].fields}
        version = self._schemas[at].version
        mappings = mapper.mappings
        return tuple(
            Traced(fields[mappings[place].field], value, mappings[place], version)
            for place, value in found
        )

    def _read(self, event: LoggedEvent) -> dict[str, Any]:
        body = _decode(event.body)
        # What we wrote to Braze is no input: an audience must not feed on its own export.
        if self._own.keys and event.stream in self._own.streams:
            return without_keys(body, self._own.keys)
        return body

    def _version_at(self, event: LoggedEvent) -> int:
        if event.received_at >= self._published[-1]:
            return len(self._published) - 1
        # Events older than the first version are mapped by it: there is no other.
        return max(bisect_right(self._published, event.received_at) - 1, 0)

    def _mapped(
        self, event: LoggedEvent, identifiers: tuple[Identifier, ...], values: Values
    ) -> MappedEvent:
        received_us = to_us(event.received_at)
        occurred_us = (
            min(to_us(event.occurred_at), received_us) if event.occurred_at else received_us
        )
        return MappedEvent(
            event.lane,
            event.seq,
            event.stream,
            received_us,
            occurred_us,
            occurred_us if event.stream in self._trusted else received_us,
            identifiers,
            tuple(values),
        )

    def _build(self, at: int, stream: str) -> _StreamMapper:
        schema = self._schemas[at]
        marked = {field.name: field for field in schema.fields if field.identifier is not None}
        mappings = sorted(
            [mapping for mapping in schema.mappings if mapping.stream == stream],
            key=lambda mapping: mapping.field not in marked,
        )
        refusal = _find_refusal(schema, stream, mappings)
        mapper = _StreamMapper(
            compile_mapping(()) if refusal else _compile(schema, stream, mappings),
            {
                field.id: (field.stored_name, field.identifier.rank)
                for field in marked.values()
                if field.identifier is not None
            },
            tuple(mappings),
            refusal,
        )
        self._mappers[at, stream] = mapper
        return mapper


def _find_refusal(
    schema: Schema, stream: str, mappings: Sequence[Mapping]
) -> RejectedMapping | None:
    """Return why no event of a stream can be mapped, None if they can.

    What was right when it was published may be wrong to a later release. An event is mapped whole
    or not at all, so its stream waits; all others go on.
    """
    if not mappings:
        return RejectedMapping(f"no mapping reads stream {stream!r}")
    wrong = next(find_unreadable(schema, stream), None)
    return None if wrong is None else RejectedMapping(wrong.told, is_unreadable=True)


def _named(values: Values, identifying: dict[int, tuple[str, int]]) -> tuple[Identifier, ...]:
    """Return the identifiers at the head of `values`, strongest first, each once."""
    found: dict[Identifier, int] = {}
    strongest, in_order = -1, True
    for field_id, value in values:
        field = identifying.get(field_id)
        if field is None:
            break
        name, rank = field
        in_order = in_order and rank > strongest
        strongest = rank
        if value.__class__ is list:
            in_order = in_order and len(value) == 1
            for text in value:
                found[name, text] = rank
        else:
            found[name, value] = rank
    if in_order:
        # Each of another field, and most queries name the strongest first.
        return tuple(found)
    return tuple(sorted(found, key=lambda item: (found[item], item)))


def _compile(
    schema: Schema, stream: str, mappings: Sequence[Mapping], *, by_place: bool = False
) -> CompiledMapping:
    """Compile the rules of a stream; values come with their field's id or their rule's place."""
    fields = {field.name: field for field in schema.fields}
    where = next((rule.where for rule in schema.streams if rule.stream == stream), None)
    return compile_mapping(
        [MappingRule(mapping.field, mapping.expr, mapping.guard) for mapping in mappings],
        where=where,
        fits=[
            _fit(place if by_place else fields[mapping.field].id, fields[mapping.field], schema)
            for place, mapping in enumerate(mappings)
        ],
    )


def _fit(key: int, field: Field, schema: Schema) -> Fit:
    if field.identifier is not None:
        # Hardly any of them comes again.
        return Fit(key, identification(field.kind, field.identifier, schema.blocked_values))
    fit = coercion(field.kind)
    return Fit(key, fit, keeps_texts=fit is to_string, recurs=field.kind in SCALAR_KINDS)
