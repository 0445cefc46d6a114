"""Carries what an LQL text says of fields beyond Lytics' options: `WITH (…)`, both ways."""

from collections.abc import Iterator

import msgspec

from coterie.control.definitions.draft import Column, Draft, StreamQuery, add_query
from coterie.control.definitions.edits import FieldChange, change_field
from coterie.control.definitions.identifying import check_blocked, put_ranks, set_rule
from coterie.lang.lql import IDENTIFIER_SETTINGS, Settings, SettingValue
from coterie.model.schema import SCALAR_KINDS, USUAL_BLOCKED, Field, IdentifierRule, Schema


class _Field(msgspec.Struct, frozen=True, kw_only=True):
    capacity: int | None = None
    keep_days: int | None = None
    is_pii: bool | None = None


class _Rank(msgspec.Struct, frozen=True, kw_only=True):
    rank: int | None = None


class _Account(msgspec.Struct, frozen=True, kw_only=True):
    blocked_values: tuple[str, ...] | None = None


def merge_query(draft: Draft, query: StreamQuery) -> Draft:
    """Return the draft with all that a query says, as `add_query`, with its settings.

    What no setting speaks of stays as it is. Raises SchemaError.
    """
    draft = add_query(draft, query)
    ranks: dict[str, int] = {}
    for column in query.columns:
        draft = _change(draft, column)
        said = msgspec.convert(dict(column.settings), _Rank)
        if said.rank is not None:
            ranks[column.field] = said.rank
    draft = put_ranks(draft, ranks) if ranks else draft
    blocked = msgspec.convert(dict(query.settings), _Account).blocked_values
    if blocked is None:
        return draft
    return msgspec.structs.replace(draft, blocked_values=check_blocked(blocked))


def settings_of(field: Field, *, tells_rank: bool, has_usual_capacity: bool) -> Settings:
    """Return what is special about a field; its rank only where the order of BY does not tell."""
    return tuple(_settings_of(field, tells_rank, has_usual_capacity))


def account_settings(schema: Schema) -> Settings:
    """Return what holds for all identifiers of a schema, where it is not the usual."""
    is_usual = schema.blocked_values == USUAL_BLOCKED
    return () if is_usual else (("blocked_values", schema.blocked_values),)


def _change(draft: Draft, column: Column) -> Draft:
    given = dict(column.settings)
    if not given:
        return draft
    said = msgspec.convert(given, _Field)
    change = FieldChange(capacity=said.capacity, keep_days=said.keep_days, is_personal=said.is_pii)
    draft = change_field(draft, column.field, change)
    rule = {name: value for name, value in given.items() if name in IDENTIFIER_SETTINGS}
    return set_rule(draft, column.field, rule) if rule else draft


def _settings_of(
    field: Field, tells_rank: bool, has_usual_capacity: bool
) -> Iterator[tuple[str, SettingValue]]:
    if field.capacity is not None and not has_usual_capacity:
        yield "capacity", field.capacity
    if field.keep_days is not None:
        yield "keep_days", field.keep_days
    if field.is_pii:
        yield "is_pii", True
    rule = field.identifier
    if rule is not None:
        rank = -1 if tells_rank else rule.rank
        usual = IdentifierRule(rank=rank, unique=field.kind in SCALAR_KINDS)
        for name in IDENTIFIER_SETTINGS:
            value = getattr(rule, name)
            if value is not None and value != getattr(usual, name):
                yield name, value
