"""Finding columns whose values can never be those of their fields."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from coterie.lang.expr.errors import Problem, problem_at, suggest
from coterie.lang.expr.kinds import SchemaView, kinds_of
from coterie.lang.expr.misfits import show_kinds, subject_of
from coterie.lang.expr.tokens import token_length
from coterie.lang.expr.tree import Node
from coterie.lang.expr.typecheck import find_type_problems, find_value_problems
from coterie.lang.lql.errors import LqlError
from coterie.lang.lql.guess import guess_kind
from coterie.lang.lql.mapping import MappingRule, parse_mapping
from coterie.lang.lql.query import Column
from coterie.lang.lql.settings import IDENTIFIER_SETTINGS
from coterie.model.merging import IDENTIFIER_KINDS, KINDS, OPS, find_kind, find_op
from coterie.model.schema import MAP_KINDS, SCALAR_KINDS, SET_KINDS, SPECIAL_KINDS

# CAPPED is a union with a limit, for which a set has its capacity.
CAPPED = "capped"
_NO_FIELDS = SchemaView()
# Places, tallies and dynamic fields are read from values of many kinds.
_PLAIN_KINDS = set(KINDS) - set(SPECIAL_KINDS)
# What a value is read from, by the kind it becomes: numbers are no dates and dates no numbers.
_SOURCES = {
    "string": ("string", "int", "number", "bool", "date"),
    "int": ("int", "number", "string"),
    "number": ("int", "number", "string"),
    "bool": ("bool", "int", "number", "string"),
    "date": ("date", "string"),
    "time": ("date", "string", "time"),
    "intsum": ("int", "number", "string", "intsum"),
}


class ColumnPlace(Struct, frozen=True):
    """Where in its text a column and its options stand."""

    at: int
    node: Node
    guard: Node | None = None
    kind_at: int | None = None
    op_at: int | None = None
    settings_at: int | None = None


def find_query_problems(
    columns: Sequence[tuple[Column, ColumnPlace]],
    by: Sequence[tuple[str, int]],
    text: str,
    view: SchemaView,
) -> Iterator[Problem]:
    """Yield what the fields of a schema do not allow in a query; `by` are names and offsets."""
    kinds = dict(view.kinds)
    for column, place in columns:
        kind = None if column.kind is None else find_kind(column.kind)
        yield from _find_column_problems(replace(column, kind=kind), place, text, view)
        kinds.setdefault(column.field, kind or guess_kind(place.node))
    yield from _find_identity_problems(by, kinds, text)


def find_strange_settings(
    columns: Sequence[tuple[Column, ColumnPlace]], by: Sequence[str], text: str
) -> Iterator[Problem]:
    """Yield the settings of identifiers that stand with a field which is none."""
    for column, place in columns:
        strange = [name for name, _ in column.settings if name in IDENTIFIER_SETTINGS]
        if strange and column.field not in by:
            message = f"{strange[0]} says how people are identified, and {column.field!r} does not"
            at = place.at if place.settings_at is None else place.settings_at
            yield _problem(
                text, at, message, expected=f"{column.field} after BY, or no {strange[0]}"
            )


def _find_column_problems(
    column: Column, place: ColumnPlace, text: str, view: SchemaView
) -> Iterator[Problem]:
    yield from find_value_problems(place.node, text, _NO_FIELDS)
    if place.guard is not None:
        yield from find_type_problems(place.guard, text, _NO_FIELDS)
    if column.kind is not None and column.kind not in KINDS:
        meant = suggest(column.kind, KINDS)
        at = place.at if place.kind_at is None else place.kind_at
        message = f"there is no kind {column.kind!r}"
        yield problem_at(
            text,
            at,
            message,
            length=len(column.kind),
            expected=f"one of {', '.join(KINDS)}",
            suggestion=meant,
        )
        return
    yield from _find_conflicts(column, place, text, view)
    kind = column.kind or view.kinds.get(column.field)
    if kind is not None:
        yield from _find_misfit(place.node, text, place.at, field=column.field, kind=kind)


def check_rule(rule: MappingRule, kind: str) -> None:
    """Raise LqlError for all that is wrong with a mapping to a field of this kind."""
    node, text = parse_mapping(rule.expr), rule.expr
    start = len(text) - len(text.lstrip())
    problems = [
        *find_value_problems(node, text, _NO_FIELDS),
        *_find_misfit(node, text, start, field=rule.field, kind=kind),
    ]
    if rule.guard is not None:
        guard = parse_mapping(rule.guard)
        problems.extend(find_type_problems(guard, rule.guard, _NO_FIELDS))
    if problems:
        raise LqlError(*problems)


def _find_misfit(node: Node, text: str, at: int, *, field: str, kind: str) -> Iterator[Problem]:
    """Yield that the values of an expression are never kept in a field of this kind."""
    found = kinds_of(node, _NO_FIELDS)
    if found is not None and not any(can_become(each, kind) for each in found):
        what = f"{subject_of(node)} is {show_kinds(found)}"
        yield _problem(text, at, f"{what} and never becomes {kind}, which {field} is")


def can_become(source: str, kind: str) -> bool:
    """Say whether a value of one kind may be kept in a field of another kind."""
    if source == kind or not {source, kind} <= _PLAIN_KINDS:
        return True
    if kind in MAP_KINDS:
        inner, outer = source.rpartition("]")[2], kind.rpartition("]")[2]
        return source in MAP_KINDS and ("value" in (inner, outer) or _is_read(inner, outer))
    if source in MAP_KINDS or (source in SET_KINDS and kind in SCALAR_KINDS):
        return False
    return _is_read(source.rpartition("]")[2], kind.rpartition("]")[2])


def _is_read(source: str, kind: str) -> bool:
    plain = {"time": "date", "intsum": "int"}.get(source, source)
    return plain in _SOURCES[kind]


def _find_conflicts(
    column: Column, place: ColumnPlace, text: str, view: SchemaView
) -> Iterator[Problem]:
    """Yield where a column says another kind than its field has, or an operator it cannot have."""
    known = view.kinds.get(column.field)
    if known is not None and column.kind not in (None, known) and place.kind_at is not None:
        message = f"the field {column.field!r} is {known} and cannot become {column.kind}"
        yield _problem(text, place.kind_at, message, expected="a field of another name")
        return
    kind = known or column.kind or guess_kind(place.node)
    if column.mergeop is None or place.op_at is None:
        return
    written = "merge" if column.mergeop == CAPPED else column.mergeop
    op = find_op(kind, written)
    if op is None:
        allowed = OPS.get(kind, ())
        yield _problem(
            text,
            place.op_at,
            f"a field of kind {kind} cannot merge by {column.mergeop}",
            expected=f"one of {', '.join(allowed)}",
            suggestion=suggest(column.mergeop, allowed),
        )
    elif column.field in view.ops and op != view.ops[column.field]:
        message = f"the field {column.field!r} merges by {view.ops[column.field]}"
        yield _problem(
            text,
            place.op_at,
            f"{message} and cannot change to {column.mergeop}",
            expected="a field of another name",
        )


def _find_identity_problems(
    by: Sequence[tuple[str, int]], kinds: Mapping[str, str], text: str
) -> Iterator[Problem]:
    """Yield the names after BY that are no fields, or cannot identify anyone."""
    for name, at in by:
        if name not in kinds:
            yield _problem(
                text,
                at,
                f"BY names {name!r}, which is no field",
                expected=f"a column AS {name}",
                suggestion=suggest(name, kinds),
            )
        elif kinds[name] not in IDENTIFIER_KINDS:
            message = f"the field {name!r} of kind {kinds[name]} cannot identify anyone"
            yield _problem(text, at, message, expected=f"one of {', '.join(IDENTIFIER_KINDS)}")


def _problem(
    text: str, at: int, message: str, *, expected: str | None = None, suggestion: str | None = None
) -> Problem:
    length = token_length(text, at)
    return problem_at(text, at, message, length=length, expected=expected, suggestion=suggestion)
