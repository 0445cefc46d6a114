"""A schema being edited: pure steps from what is published to what shall be."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from coterie.base.errors import UserError
from coterie.lang.lql import Settings
from coterie.model.merging import IDENTIFIER_KINDS, KINDS, OPS, find_op
from coterie.model.schema import (
    SCALAR_KINDS,
    Field,
    IdentifierRule,
    MergeOp,
    Schema,
    StreamRule,
)
from coterie.model.schema import Mapping as FieldMapping


class SchemaError(UserError):
    """A schema that cannot be published as asked."""

    code = "bad_schema"


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a query: what of the raw data becomes which field.

    `kind` and `op` None leave a known field as it is; a new one gets `usual_kind`, and `usual_op`
    if its kind has it.
    """

    field: str
    expr: str
    guard: str | None = None
    kind: str | None = None
    usual_kind: str = "string"
    op: str | None = None
    usual_op: str | None = None
    capacity: int | None = None
    description: str = ""
    details: str = ""
    settings: Settings = ()


class StreamQuery(msgspec.Struct, frozen=True, kw_only=True):
    """All that one LQL text says about a stream; `by` names its identifiers, strongest first."""

    stream: str
    columns: tuple[Column, ...]
    by: tuple[str, ...]
    where: str | None = None
    settings: Settings = ()


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What will be the next version; `next_field_id` was never given to a field."""

    fields: tuple[Field, ...] = ()
    mappings: tuple[FieldMapping, ...] = ()
    streams: tuple[StreamRule, ...] = ()
    blocked_values: tuple[str, ...] | None = None
    next_field_id: int = 1

    def find_field(self, name: str) -> Field | None:
        """Return the field of this name, or None."""
        return next((field for field in self.fields if field.name == name), None)


def draft_of(schema: Schema | None, *, next_field_id: int) -> Draft:
    """Return a draft that equals a published schema; None gives an empty one."""
    if schema is None:
        return Draft(next_field_id=next_field_id)
    return Draft(
        fields=schema.fields,
        mappings=schema.mappings,
        streams=schema.streams,
        blocked_values=schema.blocked_values,
        next_field_id=next_field_id,
    )


def schema_of(draft: Draft, *, version: int, published_at: datetime) -> Schema:
    """Return a draft as the version that it would be."""
    schema = Schema(
        version=version,
        published_at=published_at,
        fields=draft.fields,
        mappings=draft.mappings,
        streams=draft.streams,
    )
    if draft.blocked_values is None:
        return schema
    return msgspec.structs.replace(schema, blocked_values=draft.blocked_values)


def add_query(draft: Draft, query: StreamQuery) -> Draft:
    """Return the draft with a query merged in.

    Mappings of the query's stream to the query's fields are replaced, others stay. Fields named in
    BY become identifiers, new ones ranked after those there are. Raises SchemaError.
    """
    for column in query.columns:
        draft = put_field(draft, column)
    draft = put_mappings(draft, query.stream, query.columns)
    for name in query.by:
        draft = _identify_by(draft, name)
    return put_where(draft, query.stream, query.where)


def put_field(draft: Draft, column: Column) -> Draft:
    """Return the draft with the field that a column speaks of. Raises SchemaError.

    A field's kind and operator cannot change: what profiles hold under them would lose its meaning.
    """
    known = draft.find_field(column.field)
    if known is None:
        kind = column.kind or column.usual_kind
        added = Field(
            id=draft.next_field_id,
            name=check_name(column.field),
            kind=kind,
            op=choose_op(column.field, kind, column.op or _usual_op(column, kind)),
            capacity=column.capacity,
            description=column.description,
            details=column.details,
        )
        fields = (*draft.fields, added)
        return msgspec.structs.replace(draft, fields=fields, next_field_id=draft.next_field_id + 1)
    if column.kind is not None and column.kind != known.kind:
        raise SchemaError(
            message=f"The field {known.name!r} is {known.kind} and cannot become {column.kind}. "
            "Map to a field of another name."
        )
    if column.op is not None and choose_op(known.name, known.kind, column.op) != known.op:
        raise SchemaError(
            message=f"The field {known.name!r} merges by {known.op} and cannot change to "
            f"{column.op}. Map to a field of another name."
        )
    described = msgspec.structs.replace(
        known,
        description=column.description or known.description,
        details=column.details or known.details,
        capacity=column.capacity or known.capacity,
    )
    return _replace_field(draft, described)


def put_mappings(draft: Draft, stream: str, columns: Iterable[Column]) -> Draft:
    """Return the draft with these mappings in place of the stream's others to the same fields."""
    columns = tuple(columns)
    named = {column.field for column in columns}
    kept = [
        mapping
        for mapping in draft.mappings
        if mapping.stream != stream or mapping.field not in named
    ]
    added = [
        FieldMapping(stream=stream, field=column.field, expr=column.expr, guard=column.guard)
        for column in columns
    ]
    return msgspec.structs.replace(draft, mappings=(*kept, *added))


def put_where(draft: Draft, stream: str, where: str | None) -> Draft:
    """Return the draft with the rule that events of a stream have to pass to be mapped."""
    kept = [rule for rule in draft.streams if rule.stream != stream]
    if where is not None:
        kept.append(StreamRule(stream=stream, where=where))
    return msgspec.structs.replace(draft, streams=tuple(kept))


def drop_mappings(draft: Draft, stream: str, field: str) -> Draft:
    """Return the draft without a stream's mappings to a field. Raises SchemaError if none."""
    kept = tuple(
        mapping for mapping in draft.mappings if mapping.stream != stream or mapping.field != field
    )
    if len(kept) == len(draft.mappings):
        raise SchemaError(
            message=f"Stream {stream!r} has no mapping to {field!r}. `coterie schema show` lists "
            "mappings."
        )
    return msgspec.structs.replace(draft, mappings=kept)


def put_identifiers(draft: Draft, rules: Mapping[str, IdentifierRule]) -> Draft:
    """Return the draft with these fields as its identifiers. Raises SchemaError."""
    for name, rule in rules.items():
        draft = _replace_field(draft, _as_identifier(_get(draft, name), rule))
    return draft


def mark_personal(draft: Draft, names: Iterable[str]) -> Draft:
    """Return the draft with these fields marked as personal data. Raises SchemaError."""
    for name in names:
        draft = _replace_field(draft, msgspec.structs.replace(_get(draft, name), is_pii=True))
    return draft


def choose_op(field: str, kind: str, op: str | None) -> MergeOp:
    """Return the operator that a field of this kind merges by. Raises SchemaError."""
    allowed = OPS.get(kind)
    if allowed is None:
        raise SchemaError(
            message=f"The field {field!r} has no known kind: {kind!r}. Use {', '.join(KINDS)}."
        )
    if op is None:
        return allowed[0]
    known = find_op(kind, op)
    if known is not None:
        return known
    raise SchemaError(
        message=f"The field {field!r} of kind {kind} cannot merge by {op}. Use "
        f"{', '.join(allowed)}."
    )


def _usual_op(column: Column, kind: str) -> str | None:
    usual = column.usual_op
    return usual if usual is not None and find_op(kind, usual) is not None else None


def _identify_by(draft: Draft, name: str) -> Draft:
    field = _get(draft, name)
    if field.identifier is not None:
        return draft
    ranks = [known.identifier.rank for known in draft.fields if known.identifier is not None]
    # As in Lytics: one value at a time makes a field unique, a set may hold several.
    rule = IdentifierRule(rank=max(ranks, default=-1) + 1, unique=field.kind in SCALAR_KINDS)
    return _replace_field(draft, _as_identifier(field, rule))


def _as_identifier(field: Field, rule: IdentifierRule) -> Field:
    if field.kind not in IDENTIFIER_KINDS:
        raise SchemaError(
            message=f"The field {field.name!r} of kind {field.kind} cannot identify anyone. "
            "Identifiers are string, int or []string."
        )
    return msgspec.structs.replace(field, identifier=rule)


def _get(draft: Draft, name: str) -> Field:
    field = draft.find_field(name)
    if field is None:
        raise SchemaError(message=f"BY names {name!r}, which is no field. Add a column AS {name}.")
    return field


def _replace_field(draft: Draft, field: Field) -> Draft:
    fields = tuple(field if known.id == field.id else known for known in draft.fields)
    return msgspec.structs.replace(draft, fields=fields)


def check_name(name: str) -> str:
    """Return a name that a field can have. Raises SchemaError."""
    if not name.strip() or len(name) > 64 or any(letter in name for letter in "`\"'\n"):
        raise SchemaError(
            message=f"{name!r} cannot name a field. Use 1 to 64 characters without quotes."
        )
    return name
