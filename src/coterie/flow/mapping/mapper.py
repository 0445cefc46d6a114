"""Turn a logged event into identifiers with field values, by the schema in force when it came."""

from bisect import bisect_right
from typing import Any, NamedTuple

import msgspec

from coterie.base.clock import to_us
from coterie.flow.mapping.coerce import Coercion, coercion
from coterie.flow.mapping.occurrences import Watcher
from coterie.lang.identifiers import blocked_values, normalise
from coterie.lang.lql import CompiledMapping, MappingRule, compile_mapping
from coterie.model.config import AccountConfig
from coterie.model.events import LoggedEvent
from coterie.model.mapped import Identifier, MappedEvent, can_identify
from coterie.model.schema import Field, IdentifierRule, Mapping, Schema

_decode = msgspec.json.Decoder(dict[str, Any]).decode


class RejectedMapping(msgspec.Struct, frozen=True):
    """Why an event made no difference to any profile."""

    reason: str


class _Rule(NamedTuple):
    """What becomes of a mapped value; a tuple, since it is taken apart for every value."""

    field_id: int
    coerce: Coercion
    name: str
    identifier: IdentifierRule | None
    blocked: frozenset[str] = frozenset()


class _StreamMapper(msgspec.Struct, frozen=True):
    compiled: CompiledMapping
    rules: tuple[_Rule, ...]
    mappings: tuple[Mapping, ...]


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
        self._mappers: dict[tuple[int, str], _StreamMapper] = {}

    def map(self, event: LoggedEvent) -> MappedEvent | RejectedMapping:
        """Return what `event` says, or why it says nothing."""
        at = self._version_at(event)
        mapper = self._mappers.get((at, event.stream)) or self._build(at, event.stream)
        if not mapper.rules:
            return RejectedMapping(f"no mapping reads stream {event.stream!r}")
        body = _decode(event.body)
        produced = mapper.compiled.apply(body, event.received_at)
        if produced is None:
            return RejectedMapping("left out by the WHERE of its stream")
        mapped = self._gather(event, mapper.rules, produced)
        if self._watcher is None or isinstance(mapped, RejectedMapping):
            return mapped
        seen = self._watcher.values_in(mapped, body)
        return msgspec.structs.replace(mapped, values=mapped.values + seen) if seen else mapped

    def trace(self, event: LoggedEvent) -> tuple[Traced, ...]:
        """Return the values that `map` returns, each with where it comes from."""
        at = self._version_at(event)
        mapper = self._mappers.get((at, event.stream)) or self._build(at, event.stream)
        found: list[Traced] = []
        for index, raw in mapper.compiled.apply(_decode(event.body), event.received_at) or ():
            rule = mapper.rules[index]
            value = rule.coerce(raw)
            if value is not None and rule.identifier is not None:
                value = _identify(rule, rule.identifier, value, {})
            if value is not None:
                version = self._schemas[at].version
                found.append(Traced(rule.field_id, value, mapper.mappings[index], version))
        return tuple(found)

    def _version_at(self, event: LoggedEvent) -> int:
        # Events older than the first version are mapped by it: there is no other.
        return max(bisect_right(self._published, event.received_at) - 1, 0)

    def _gather(
        self,
        event: LoggedEvent,
        rules: tuple[_Rule, ...],
        produced: list[tuple[int, Any]],
    ) -> MappedEvent | RejectedMapping:
        found: dict[Identifier, int] = {}
        values: list[tuple[int, Any]] = []
        for index, raw in produced:
            field_id, coerce, _, identifier, _ = rules[index]
            value = coerce(raw)
            if value is None:
                continue
            if identifier is not None:
                value = _identify(rules[index], identifier, value, found)
                if value is None:
                    continue
            values.append((field_id, value))
        if not found:
            return RejectedMapping("no identifier: nothing says whose event this is")
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
            tuple(found)
            if len(found) == 1
            else tuple(sorted(found, key=lambda item: (found[item], item))),
            tuple(values),
        )

    def _build(self, at: int, stream: str) -> _StreamMapper:
        mapper = _compile(self._schemas[at], stream)
        self._mappers[(at, stream)] = mapper
        return mapper


def _identify(
    rule: _Rule, identifier: IdentifierRule, value: Any, found: dict[Identifier, int]
) -> Any:
    """Add the identifiers in `value` to `found`; return the value without the others, or None.

    The others are blocked ones, and texts that can identify nobody.
    """
    kept = []
    for raw in value if isinstance(value, list) else (value,):
        said = raw if isinstance(raw, str) else str(raw)
        text = normalise(identifier, said)
        # Of "n/a" a phone number's spelling leaves nothing to compare, so what was said counts too.
        if text.lower() in rule.blocked or said.strip().lower() in rule.blocked:
            continue
        if can_identify(text):
            kept.append(text)
            found[rule.name, text] = identifier.rank
    if not kept:
        return None
    return kept if isinstance(value, list) else kept[0]


def _compile(schema: Schema, stream: str) -> _StreamMapper:
    fields = {field.name: field for field in schema.fields}
    mappings = [mapping for mapping in schema.mappings if mapping.stream == stream]
    where = next((rule.where for rule in schema.streams if rule.stream == stream), None)
    compiled = compile_mapping(
        [MappingRule(mapping.field, mapping.expr, mapping.guard) for mapping in mappings],
        where=where,
    )
    rules = tuple(_rule(fields[mapping.field], schema) for mapping in mappings)
    return _StreamMapper(compiled, rules, tuple(mappings))


def _rule(field: Field, schema: Schema) -> _Rule:
    known = field.identifier
    blocked = blocked_values(known, schema.blocked_values) if known else frozenset()
    return _Rule(field.id, coercion(field.kind), field.name, known, blocked)
