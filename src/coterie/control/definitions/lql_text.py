"""Writes the fields and mappings of a schema as LQL texts, a text a stream."""

from collections.abc import Iterator

from coterie.control.definitions.draft import SchemaError
from coterie.control.definitions.lql import CAPPED, PEOPLE, USUAL_CAPACITY
from coterie.lang.lql import Column, Query, format_lql, render_lql
from coterie.model.schema import Field, Mapping, Schema


def write_queries(schema: Schema) -> dict[str, str]:
    """Return the text of each stream that is mapped, by stream. Raises SchemaError."""
    streams = dict.fromkeys(mapping.stream for mapping in schema.mappings)
    return {stream: write_query(schema, stream) for stream in streams}


def write_query(schema: Schema, stream: str) -> str:
    """Return what a schema says of a stream, as `read_query` reads it back.

    A capacity other than the usual, days to keep, personal data and the details of identifiers are
    matters of fields that LQL has no words for: publishing the text leaves them as they are. Raises
    SchemaError for a stream that maps nothing, or no identifier.
    """
    mappings = [mapping for mapping in schema.mappings if mapping.stream == stream]
    if not mappings:
        raise SchemaError(
            message=f"Stream {stream!r} has no mappings. `coterie schema show` lists those there "
            "are."
        )
    fields = {field.name: field for field in schema.fields}
    conditions = {rule.stream: rule.where for rule in schema.streams}
    query = Query(
        columns=tuple(_columns(mappings, fields)),
        stream=stream,
        table=PEOPLE,
        by=_identifiers(stream, mappings, fields),
        where_text=conditions.get(stream),
        alias=stream,
    )
    return format_lql(render_lql(query))


def _columns(mappings: list[Mapping], fields: dict[str, Field]) -> Iterator[Column]:
    described: set[str] = set()
    for mapping in mappings:
        field = fields[mapping.field]
        # What is said of a field is said once, where it comes first.
        is_first = field.name not in described
        described.add(field.name)
        yield Column(
            expr_text=mapping.expr,
            field=field.name,
            guard_text=mapping.guard,
            kind=field.kind if is_first else None,
            mergeop=_merge_operator(field) if is_first else None,
            shortdesc=field.description or None if is_first else None,
        )


def _merge_operator(field: Field) -> str:
    is_capped = field.op == "merge" and field.capacity == USUAL_CAPACITY
    return CAPPED if is_capped else field.op


def _identifiers(stream: str, mappings: list[Mapping], fields: dict[str, Field]) -> tuple[str, ...]:
    mapped = {mapping.field for mapping in mappings}
    ranked = [
        (field.identifier.rank, field.name)
        for field in fields.values()
        if field.identifier is not None and field.name in mapped
    ]
    if not ranked:
        raise SchemaError(
            message=f"Stream {stream!r} maps no identifier, and an LQL query needs one after BY. "
            "Add a mapping to a field that identifies people."
        )
    return tuple(name for _, name in sorted(ranked))
