"""Reads LQL texts as edits of a schema."""

from collections.abc import Iterable

import msgspec

from coterie.control.definitions.draft import Column, Draft, SchemaError, StreamQuery
from coterie.control.definitions.known_fields import view_fields
from coterie.control.definitions.lengths import check_length
from coterie.lang.expr.parser import parse_expression
from coterie.lang.expr.tree import Call
from coterie.lang.lql import MappingRule, compile_mapping, guess_kind, parse_lql, render_lql
from coterie.lang.lql.query import Column as LqlColumn
from coterie.lang.lql.query import Query
from coterie.model.merging import find_kind
from coterie.model.schema import Field, Schema

PEOPLE = "user"
# Lytics' CAPPED is a union with a limit; the limit is the field's capacity.
CAPPED = "capped"
USUAL_CAPACITY = 100
# Functions that Lytics means over all events of a person, by how their field then merges.
_TOTALS = {"count": "sum", "sum": "sum", "min": "min", "max": "max"}


class LqlReport(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an LQL text that may be published: its one normal text, and what it makes.

    `fields` are those it maps to, in its order.
    """

    lql: str
    stream: str
    fields: tuple[str, ...]


def report_lql(text: str, fields: Iterable[Field]) -> LqlReport:
    """Return what is known of an LQL text beside the fields of a schema.

    Raises what `read_query` raises.
    """
    query = _parse(text, fields)
    return LqlReport(
        lql=render_lql(query),
        stream=query.stream,
        fields=tuple(column.field for column in query.columns),
    )


def read_query(text: str, *, fields: Iterable[Field] | None = None) -> StreamQuery:
    """Return what an LQL text says; `fields` are those of the schema, None: not looked at yet.

    Raises TextTooLongError, LqlError with all that is wrong, or SchemaError for what has no place
    here.
    """
    query = _parse(text, fields)
    return StreamQuery(
        stream=query.stream,
        columns=tuple(_read_column(column) for column in query.columns),
        by=query.by,
        where=query.where_text,
        settings=query.settings,
    )


def check_expressions(draft: Draft, before: Schema | None) -> None:
    """Raise LqlError if an expression of the draft cannot be used that `before` has not already.

    What can no longer be read keeps nobody from correcting something else.
    """
    known = () if before is None else (*before.mappings, *before.streams)
    for mapping in draft.mappings:
        if mapping not in known:
            compile_mapping([MappingRule(mapping.field, mapping.expr, mapping.guard)])
    for rule in draft.streams:
        if rule not in known:
            compile_mapping((), where=rule.where)


def _parse(text: str, fields: Iterable[Field] | None) -> Query:
    check_length(text, what="The LQL text")
    query = parse_lql(text, view=None if fields is None else view_fields(fields))
    if query.table != PEOPLE:
        raise SchemaError(message=f"INTO {query.table} is not supported. Write INTO {PEOPLE}.")
    return query


def _read_column(column: LqlColumn) -> Column:
    is_capped = column.mergeop == CAPPED
    tree = parse_expression(column.expr_text)
    return Column(
        field=column.field,
        expr=column.expr_text,
        guard=column.guard_text,
        kind=None if column.kind is None else find_kind(column.kind),
        usual_kind=guess_kind(tree),
        usual_op=_TOTALS.get(tree.name) if isinstance(tree, Call) else None,
        op="merge" if is_capped else column.mergeop,
        capacity=USUAL_CAPACITY if is_capped else None,
        description=column.shortdesc or column.longdesc or "",
        details=column.longdesc or "",
        settings=column.settings,
    )
