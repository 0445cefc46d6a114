"""Writes the fields and mappings of a schema as LQL texts, a text a stream."""

from collections.abc import Iterator

from coterie.control.definitions.draft import SchemaError
from coterie.control.definitions.lql import CAPPED, PEOPLE, USUAL_CAPACITY
from coterie.control.definitions.lql_settings import account_settings, settings_of
from coterie.lang.lql import Column, Query, format_lql, render_lql
from coterie.model.schema import Field, Mapping, Schema


def write_queries(schema: Schema) -> dict[str, str]:
    """Return the text of each stream that is mapped, by stream. Raises SchemaError."""
    streams = dict.fromkeys(mapping.stream for mapping in schema.mappings)
    return {stream: write_query(schema, stream) for stream in streams}


def write_query(schema: Schema, stream: str) -> str:
    """Return what a schema says of a stream, as `read_query` reads it back.

    What Lytics' options have no words for, such as days to keep and how identifiers are spelt,
    stands in settings. Raises SchemaError for a stream that maps nothing, or no identifier.
    """
    mappings = [mapping for mapping in schema.mappings if mapping.stream == stream]
    if not mappings:
        raise SchemaError(
            message=f"Stream {stream!r} has no mappings. `coterie schema show` lists those there "
            "are."
        )
    fields = {field.name: field for field in schema.fields}
    conditions = {rule.stream: rule.where for rule in schema.streams}
    by = _identifiers(stream, mappings, fields)
    query = Query(
        columns=tuple(_columns(mappings, fields, tells_rank=not _tells_ranks(schema))),
        stream=stream,
        table=PEOPLE,
        by=by,
        where_text=conditions.get(stream),
        alias=stream,
        settings=account_settings(schema),
    )
    return format_lql(render_lql(query))


def _columns(
    mappings: list[Mapping], fields: dict[str, Field], *, tells_rank: bool
) -> Iterator[Column]:
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
            shortdesc=_description(field) if is_first else None,
            longdesc=field.details or None if is_first else None,
            settings=settings_of(field, tells_rank=tells_rank, has_usual_capacity=_is_capped(field))
            if is_first
            else (),
        )


def _merge_operator(field: Field) -> str:
    return CAPPED if _is_capped(field) else field.op


def _is_capped(field: Field) -> bool:
    return field.op == "merge" and field.capacity == USUAL_CAPACITY


def _description(field: Field) -> str | None:
    """Return the short description; a text that says the long one alone means it as both."""
    return field.description if field.description not in ("", field.details) else None


def _tells_ranks(schema: Schema) -> bool:
    """Say whether the names after BY tell all ranks: each text has all identifiers there are."""
    rules = {field.name: field.identifier for field in schema.fields if field.identifier}
    named: dict[str, set[str]] = {}
    for mapping in schema.mappings:
        if mapping.field in rules:
            named.setdefault(mapping.stream, set()).add(mapping.field)
    ranks = sorted(rule.rank for rule in rules.values())
    return ranks == list(range(len(rules))) and all(
        names == rules.keys() for names in named.values()
    )


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
