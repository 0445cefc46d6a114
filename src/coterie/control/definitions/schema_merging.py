"""Brings what a draft changes together with what was published since it was begun."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeVar

import msgspec

from coterie.control.definitions.draft import Draft
from coterie.control.definitions.identifying import identifiers_of
from coterie.control.definitions.schema_naming import Naming, call_fields, choose_names
from coterie.model.schema import Field, Schema
from coterie.model.schema import Mapping as FieldMapping

Side = Literal["draft", "published"]
V = TypeVar("V")
Mappings = dict[tuple[str, str], tuple[FieldMapping, ...]]
_NO_ID = 0


class Clash(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that the draft and a published version changed differently; None: it is gone."""

    what: str
    draft: Any
    published: Any


class Merged(msgspec.Struct, frozen=True, kw_only=True):
    """A draft that begins from the published version, and where one of the two had to give way."""

    draft: Draft
    clashes: tuple[Clash, ...]


def merge_schemas(
    base: Schema, draft: Draft, published: Schema, *, next_field_id: int, prefer: Side
) -> Merged:
    """Return what the draft makes of `published`, both of which were made from `base`.

    Fields, mappings of a stream to a field, and conditions of streams are taken one by one; where
    both sides changed one differently, `prefer` says whose holds. A field is the same whatever a
    side calls it; its name is merged like the rest of it. New fields of the draft get new numbers.
    """
    merging = _Merging(prefer)
    mine, theirs = (Naming(base, side.fields) for side in (draft, published))
    merged = _merge(base, mine.apply(draft), theirs.apply(published), next_field_id, merging)
    keys = [field.name for field in merged.fields]
    names = choose_names(keys, mine, theirs, merging.choose, merging.tell)
    return Merged(draft=call_fields(merged, names), clashes=tuple(merging.clashes))


def _merge(
    base: Schema, draft: Draft, published: Schema, next_field_id: int, merging: "_Merging"
) -> Draft:
    """Return the draft merged with `published`, in both of which fields are called as in `base`."""
    fields = merging.merge(
        "field", _fields(base.fields), _fields(draft.fields), _fields(published.fields)
    )
    mappings = merging.merge(
        "mapping",
        _mappings(base.mappings),
        _mappings(draft.mappings),
        _mappings(published.mappings),
    )
    streams = merging.merge(
        "stream",
        {rule.stream: rule for rule in base.streams},
        {rule.stream: rule for rule in draft.streams},
        {rule.stream: rule for rule in published.streams},
    )
    blocked = merging.merge(
        "blocked values",
        {"": base.blocked_values},
        {"": draft.blocked_values or base.blocked_values},
        {"": published.blocked_values},
    )
    merged = _numbered(fields, (published.fields, base.fields), next_field_id)
    ranks = _ranks(merged.fields, base, draft, published, merging)
    stored = {
        field.name: field.stored_as
        for side in (base, published, draft)
        for field in side.fields
        if field.stored_as is not None
    }
    return Draft(
        fields=tuple(_placed(field, ranks, stored) for field in merged.fields),
        mappings=tuple(one for group in mappings.values() for one in group),
        streams=tuple(streams.values()),
        blocked_values=blocked[""],
        next_field_id=merged.next_field_id,
    )


class _Merging:
    """Takes what one side changed, and notes where both did."""

    def __init__(self, prefer: Side) -> None:
        self._prefer = prefer
        self.clashes: list[Clash] = []

    def choose(self, what: str, base: V, mine: V, theirs: V) -> V:
        """Return which of two values holds."""
        if mine in (base, theirs):
            return theirs
        if theirs == base:
            return mine
        self.tell(what, mine, theirs)
        return mine if self._prefer == "draft" else theirs

    def tell(self, what: str, mine: object, theirs: object) -> None:
        """Note that both sides changed something."""
        told = [msgspec.to_builtins(side) for side in (mine, theirs)]
        self.clashes.append(Clash(what=what, draft=told[0], published=told[1]))

    def merge(
        self, what: str, base: Mapping[Any, V], mine: Mapping[Any, V], theirs: Mapping[Any, V]
    ) -> dict[Any, V]:
        """Return the things that are left, in the order of the published ones, new ones last."""
        found: dict[Any, V] = {}
        for key in dict.fromkeys([*theirs, *mine]):
            name = f"{what} {'/'.join(key) if isinstance(key, tuple) else key}".strip()
            kept = self.choose(name, base.get(key), mine.get(key), theirs.get(key))
            if kept is not None:
                found[key] = kept
        return found


def _fields(fields: Iterable[Field]) -> dict[str, Field]:
    """Return fields by name without what is merged in its own way, or follows from names."""
    return {
        field.name: msgspec.structs.replace(
            field,
            id=_NO_ID,
            identifier=field.identifier and msgspec.structs.replace(field.identifier, rank=0),
            stored_as=None,
        )
        for field in fields
    }


def _mappings(mappings: Iterable[FieldMapping]) -> Mappings:
    found: Mappings = {}
    for mapping in mappings:
        key = (mapping.stream, mapping.field)
        found[key] = (*found.get(key, ()), mapping)
    return found


def _numbered(
    fields: Mapping[str, Field], known: tuple[Iterable[Field], ...], next_field_id: int
) -> Draft:
    """Return the fields with the number that either version gave them, or a new one."""
    ids: dict[str, int] = {}
    for each in known:
        for field in each:
            ids.setdefault(field.name, field.id)
    numbered: list[Field] = []
    for name, field in fields.items():
        if name not in ids:
            ids[name], next_field_id = next_field_id, next_field_id + 1
        numbered.append(msgspec.structs.replace(field, id=ids[name]))
    return Draft(fields=tuple(numbered), next_field_id=next_field_id)


def _ranks(
    fields: Iterable[Field], base: Schema, draft: Draft, published: Schema, merging: _Merging
) -> dict[str, int]:
    """Return the rank of each identifier: the order that one side changed, the others beside it."""
    names = {field.name for field in fields if field.identifier is not None}
    before, mine, theirs = (_order(each) for each in (base, draft, published))
    shared = [name for name in before if name in mine and name in theirs]
    chosen = merging.choose(
        "order of identifiers",
        shared,
        [name for name in mine if name in shared],
        [name for name in theirs if name in shared],
    )
    leading, other = (
        (mine, theirs) if chosen != [n for n in theirs if n in shared] else (theirs, mine)
    )
    order = [name for name in leading if name in names]
    for place, name in enumerate(other):
        if name in names and name not in order:
            # After whoever was before it, so that a strong identifier stays a strong one.
            ahead = [order.index(each) for each in other[:place] if each in order]
            order.insert(max(ahead, default=-1) + 1, name)
    for known, one in ((theirs, published), (mine, draft)):
        if order == known:
            return {field.name: field.identifier.rank for field in one.fields if field.identifier}
    return {name: rank for rank, name in enumerate(order)}


def _order(schema: Schema | Draft) -> list[str]:
    return [field.name for field in identifiers_of(schema)]


def _placed(field: Field, ranks: Mapping[str, int], stored: Mapping[str, str]) -> Field:
    """Return a field with its rank, and with the name under which its identifiers are stored."""
    rule = field.identifier
    return msgspec.structs.replace(
        field,
        identifier=rule and msgspec.structs.replace(rule, rank=ranks[field.name]),
        stored_as=stored.get(field.name),
    )
