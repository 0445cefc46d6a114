"""Finds all that is wrong with a schema at once, so that nobody mends it one refusal at a time."""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial

import msgspec

from coterie.base.errors import UserError
from coterie.control.definitions.draft import (
    Draft,
    SchemaError,
    check_name,
    choose_op,
)
from coterie.control.definitions.edits import check_capacity, check_keep_days, check_mapping
from coterie.control.definitions.identifying import check_blocked, check_limit, check_region
from coterie.control.definitions.renaming import (
    find_moved_names,
    find_renamed,
    find_stored_alike,
    moved_name,
    stored_alike,
)
from coterie.control.definitions.streams import check_stream_name
from coterie.lang.lql import parse_mapping
from coterie.model.merging import IDENTIFIER_KINDS
from coterie.model.schema import Field, IdentifierRule, Schema


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """Why a schema cannot be published: what is wrong, and where ("field x", "mapping s/f")."""

    where: str
    message: str


class FaultySchemaError(UserError):
    """A draft cannot be published as it is."""

    code = "faulty_schema"

    def __init__(self, *, faults: tuple[Fault, ...]) -> None:
        told = " ".join(f"{fault.where}: {fault.message}" for fault in faults)
        super().__init__(
            f"{len(faults)} {'thing is' if len(faults) == 1 else 'things are'} wrong. {told}"
        )
        self.faults = faults


def find_faults(
    draft: Draft, published: Schema, *, base: Schema | None = None
) -> tuple[Fault, ...]:
    """Return all that keeps a draft from following the version in force.

    `base` is the version that the draft was made from (None: the one in force).
    """
    return tuple(_find(draft, published, published if base is None else base))


def _find(draft: Draft, published: Schema, base: Schema) -> Iterator[Fault]:
    known = {field.name: field for field in published.fields}
    renamed = find_renamed(base.fields, draft.fields)
    known |= {new: known[old] for old, new in renamed.items() if old in known}
    for name in find_moved_names(base.fields, draft.fields):
        yield Fault(where=f"field {name}", message=moved_name(name))
    for field, other in find_stored_alike(draft.fields):
        yield Fault(where=f"field {field.name}", message=stored_alike(field, other))
    names = Counter(field.name for field in draft.fields)
    for field in draft.fields:
        where = f"field {field.name}"
        if names[field.name] > 1:
            yield Fault(where=where, message="Two fields have this name. Rename one of them.")
        yield from _told(where, *_checks_of(field, known.get(field.name)))
    yield from _find_ranks(draft)
    for mapping in draft.mappings:
        where = f"mapping {mapping.stream}/{mapping.field}"
        yield from _told(where, partial(check_mapping, draft, mapping))
    mapped = {mapping.stream for mapping in draft.mappings}
    for stream in sorted(mapped | {rule.stream for rule in draft.streams}):
        yield from _told(f"stream {stream}", partial(check_stream_name, stream))
    for rule in draft.streams:
        if rule.where is not None:
            where = f"condition of stream {rule.stream}"
            yield from _told(where, partial(parse_mapping, rule.where))
    yield from _told("blocked values", partial(check_blocked, draft.blocked_values or ()))


Check = Callable[[], object]


def _told(where: str, *checks: Check) -> Iterator[Fault]:
    for check in checks:
        try:
            check()
        except UserError as error:
            yield Fault(where=where, message=error.message)


def _checks_of(field: Field, known: Field | None) -> Iterator[Check]:
    yield partial(check_name, field.name)
    yield partial(choose_op, field.name, field.kind, field.op)
    yield partial(check_capacity, field.name, field.kind, field.capacity)
    yield partial(check_keep_days, field, field.keep_days or 0)
    if known is not None:
        yield partial(_check_kept, field, known)
    rule = field.identifier
    if rule is not None:
        yield partial(_check_identifier, field, rule)


def _check_kept(field: Field, known: Field) -> None:
    if (field.kind, field.op) != (known.kind, known.op):
        raise SchemaError(
            message=f"The field {field.name!r} is {known.kind} and merges by {known.op}, which "
            "cannot change. Map to a field of another name."
        )


def _check_identifier(field: Field, rule: IdentifierRule) -> None:
    if field.kind not in IDENTIFIER_KINDS:
        raise SchemaError(
            message=f"The field {field.name!r} of kind {field.kind} cannot identify anyone. "
            f"Identifiers are {', '.join(IDENTIFIER_KINDS)}."
        )
    check_limit(field.name, rule.neighbour_limit, rule.neighbour_limit)
    check_region(rule.region or "")
    check_blocked(rule.blocked or ())


def _find_ranks(draft: Draft) -> Iterator[Fault]:
    ranked = [field for field in draft.fields if field.identifier is not None]
    if not ranked:
        yield Fault(
            where="identifiers",
            message="No field identifies people, so no event would belong to anybody.",
        )
    taken = Counter(field.identifier.rank for field in ranked if field.identifier)
    for rank, times in sorted(taken.items()):
        if times > 1 or rank < 0:
            names = ", ".join(f.name for f in ranked if f.identifier and f.identifier.rank == rank)
            yield Fault(
                where="identifiers",
                message=f"{names} cannot have rank {rank}. Ranks are 0 and up, each given once.",
            )
