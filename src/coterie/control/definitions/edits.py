"""Edits of one field or one mapping, each a pure step for `schema.publish_edit`."""

from typing import get_args

import msgspec

from coterie.base.errors import UserError
from coterie.control.definitions.draft import (
    Column,
    Draft,
    SchemaError,
    drop_mappings,
    mark_personal,
    put_field,
    put_identifiers,
    put_mappings,
)
from coterie.control.definitions.lengths import check_length
from coterie.lang.lql import MappingRule, check_rule
from coterie.model.merging import AGEING_OPS
from coterie.model.schema import (
    MAP_KINDS,
    SCALAR_KINDS,
    SET_KINDS,
    TALLY_KIND,
    Field,
    IdentifierRule,
    Mapping,
    Normalise,
)

MOST_KEEP_DAYS = 36_500
SPELLINGS: tuple[Normalise, ...] = get_args(Normalise)


class FieldExistsError(UserError):
    """A field of this name is there already."""

    code = "field_exists"

    def __init__(self, *, name: str) -> None:
        super().__init__(
            f"There is a field {name!r} already. Choose another name, or change it with "
            "`coterie field update`."
        )


class NewField(msgspec.Struct, frozen=True, kw_only=True):
    """A field to be made; `op` None takes the usual operator of its kind.

    An identifier gets the weakest rank, as a name in BY does; `is_unique` None makes it unique if
    it holds one value. `capacity` bounds a set or a map; `keep_days` is for how many days each of
    its members is shown after it was last seen.
    """

    name: str
    kind: str = "string"
    op: str | None = None
    capacity: int | None = None
    keep_days: int | None = None
    description: str = ""
    is_personal: bool = False
    is_identifier: bool = False
    is_unique: bool | None = None
    normalise: Normalise = "none"


class FieldChange(msgspec.Struct, frozen=True, kw_only=True):
    """What shall be different about a field; None leaves as it is, 0 takes a limit off.

    Kind and operator never change: what profiles hold under them would lose its meaning.
    """

    description: str | None = None
    capacity: int | None = None
    keep_days: int | None = None
    is_personal: bool | None = None


def read_normalise(text: str) -> Normalise:
    """Return the way of spelling that `text` names. Raises SchemaError."""
    for known in SPELLINGS:
        if known == text:
            return known
    raise SchemaError(message=f"{text!r} is no way of spelling. Use {', '.join(SPELLINGS)}.")


def create_field(draft: Draft, new: NewField) -> Draft:
    """Return the draft with one field more. Raises FieldExistsError, SchemaError."""
    if draft.find_field(new.name) is not None:
        raise FieldExistsError(name=new.name)
    column = Column(
        field=new.name,
        expr=new.name,
        kind=new.kind,
        op=new.op,
        capacity=new.capacity,
        description=new.description,
    )
    draft = put_field(draft, column)
    check_capacity(new.name, new.kind, new.capacity)
    if new.keep_days is not None:
        draft = change_field(draft, new.name, FieldChange(keep_days=new.keep_days))
    if new.is_identifier:
        draft = put_identifiers(draft, {new.name: _weakest(draft, new)})
    return mark_personal(draft, [new.name]) if new.is_personal else draft


def change_field(draft: Draft, name: str, change: FieldChange) -> Draft:
    """Return the draft with a field changed. Raises SchemaError."""
    field = get_field(draft, name)
    if change.capacity is not None:
        check_capacity(name, field.kind, change.capacity)
        field = msgspec.structs.replace(field, capacity=change.capacity or None)
    if change.keep_days is not None:
        check_keep_days(field, change.keep_days)
        field = msgspec.structs.replace(field, keep_days=change.keep_days or None)
    if change.description is not None:
        field = msgspec.structs.replace(field, description=change.description)
    if change.is_personal is not None:
        field = msgspec.structs.replace(field, is_pii=change.is_personal)
    fields = tuple(field if known.id == field.id else known for known in draft.fields)
    return msgspec.structs.replace(draft, fields=fields)


def drop_field(draft: Draft, name: str) -> Draft:
    """Return the draft without a field and without the mappings to it. Raises SchemaError."""
    gone = get_field(draft, name)
    return msgspec.structs.replace(
        draft,
        fields=tuple(field for field in draft.fields if field.id != gone.id),
        mappings=tuple(mapping for mapping in draft.mappings if mapping.field != name),
    )


def add_mapping(draft: Draft, mapping: Mapping) -> Draft:
    """Return the draft with a mapping beside those there are. Raises SchemaError, LqlError."""
    check_mapping(draft, mapping)
    if mapping in draft.mappings:
        raise SchemaError(
            message=f"Stream {mapping.stream!r} maps {mapping.expr} to {mapping.field!r} already."
        )
    return msgspec.structs.replace(draft, mappings=(*draft.mappings, mapping))


def replace_mappings(draft: Draft, mapping: Mapping) -> Draft:
    """Return the draft with a mapping in place of its stream's others to the same field.

    Raises LqlError, and SchemaError, also if there is none to replace.
    """
    check_mapping(draft, mapping)
    drop_mappings(draft, mapping.stream, mapping.field)
    column = Column(field=mapping.field, expr=mapping.expr, guard=mapping.guard)
    return put_mappings(draft, mapping.stream, [column])


def _weakest(draft: Draft, new: NewField) -> IdentifierRule:
    ranks = [known.identifier.rank for known in draft.fields if known.identifier is not None]
    unique = new.kind in SCALAR_KINDS if new.is_unique is None else new.is_unique
    return IdentifierRule(rank=max(ranks, default=-1) + 1, unique=unique, normalise=new.normalise)


def check_capacity(name: str, kind: str, capacity: int | None) -> None:
    """Raise SchemaError for a limit of members of a field that holds one value."""
    if capacity is not None and kind not in (*SET_KINDS, *MAP_KINDS, TALLY_KIND):
        raise SchemaError(
            message=f"The field {name!r} of kind {kind} holds one value, so it has no capacity. "
            "Leave the capacity out, or choose a set or a map."
        )


def check_keep_days(field: Field, keep_days: int) -> None:
    """Raise SchemaError for days that the field's values cannot be kept; 0 is for ever."""
    if not 0 <= keep_days <= MOST_KEEP_DAYS:
        raise SchemaError(
            message=f"Values are kept for 1 to {MOST_KEEP_DAYS:,} days, or for ever (0), and not "
            f"for {keep_days}."
        )
    if keep_days and field.op not in AGEING_OPS:
        raise SchemaError(
            message=f"The field {field.name!r} of kind {field.kind} merges by {field.op}, which "
            "knows no time for each of several values. Leave the days out, or choose a set or a "
            f"map that merges by {', '.join(AGEING_OPS)}."
        )


def check_mapping(draft: Draft, mapping: Mapping) -> None:
    """Raise SchemaError, TextTooLongError or LqlError for a mapping that cannot be used."""
    field = get_field(draft, mapping.field)
    check_length(mapping.expr, what="The expression")
    check_length(mapping.guard or "", what="The condition")
    check_rule(MappingRule(field.name, mapping.expr, mapping.guard), field.kind)


def get_field(draft: Draft, name: str) -> Field:
    """Return a field of the draft. Raises SchemaError."""
    field = draft.find_field(name)
    if field is None:
        raise SchemaError(
            message=f"There is no field {name!r}. `coterie field list` lists them; make it with "
            "`coterie field create`."
        )
    return field
