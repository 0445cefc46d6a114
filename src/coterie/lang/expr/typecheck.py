"""Finding comparisons and calls that can never work on the fields they name.

Each question is put to the definition of the language itself, with samples for what is not known:
what is refused here is never evaluable, whoever is asked about.
"""

from collections.abc import Iterator

from coterie.lang.expr.errors import Problem, problem_at
from coterie.lang.expr.functions import FUNCTIONS
from coterie.lang.expr.glob import like_matcher
from coterie.lang.expr.kinds import SchemaView, kinds_of
from coterie.lang.expr.misfits import describe_misfit, show_kinds, subject_of
from coterie.lang.expr.operators import between, compare
from coterie.lang.expr.samples import NOW, samples_of, takes, works_on
from coterie.lang.expr.tokens import token_length
from coterie.lang.expr.tree import (
    Between,
    Call,
    Compare,
    Everything,
    Exists,
    Group,
    Include,
    Infix,
    Items,
    Node,
    Not,
    Null,
    Number,
    Text,
    Truth,
    walk,
)


def find_type_problems(tree: Node, text: str, view: SchemaView) -> Iterator[Problem]:
    """Yield what can never be told in a condition, given the kinds of the fields."""
    yield from _find_no_conditions(tree, text, view)
    yield from find_value_problems(tree, text, view)


def find_value_problems(tree: Node, text: str, view: SchemaView) -> Iterator[Problem]:
    """Yield what can never have a value in an expression, given the kinds of the fields."""
    for node in walk(tree):
        match node:
            case Compare():
                yield from _check_comparison(node, text, view)
            case Between():
                yield from _check_between(node, text, view)
            case Call():
                yield from _check_call(node, text, view)


def _find_no_conditions(node: Node, text: str, view: SchemaView) -> Iterator[Problem]:
    """Yield the values that stand where a condition belongs."""
    match node:
        case Group(items=items) | Infix(items=items):
            for item in items:
                yield from _find_no_conditions(item, text, view)
        case Not(arg=arg):
            yield from _find_no_conditions(arg, text, view)
        case Everything() | Exists() | Compare() | Between() | Include() | Truth():
            return
        case _:
            kinds = kinds_of(node, view)
            is_value = isinstance(node, Items | Null)
            if is_value or (kinds is not None and "bool" not in kinds):
                what = "a value" if kinds is None else show_kinds(kinds)
                message = f"{subject_of(node)} is {what} and no condition"
                yield _problem(text, node, message, expected="a comparison, or EXISTS and a field")


def _check_comparison(node: Compare, text: str, view: SchemaView) -> Iterator[Problem]:
    kinds = kinds_of(node.left, view)
    if kinds is not None and not any(works_on(node.op, kind) for kind in kinds):
        yield describe_misfit(node, text, kinds, works=lambda other: _can_hold(other, view))
    elif not _can_hold(node, view) and not _has_broken_pattern(node):
        yield describe_misfit(
            node, text, kinds, works=lambda other: _can_hold(other, view), right_only=True
        )


def _has_broken_pattern(node: Compare) -> bool:
    """Say whether a pattern is to blame, which fits nothing on any field."""
    patterns = node.right.items if isinstance(node.right, Items) else (node.right,)
    return node.op == "like" and any(
        isinstance(each, Text) and like_matcher(each.value) is None for each in patterns
    )


def _can_hold(node: Compare, view: SchemaView) -> bool:
    """Say whether a comparison may be evaluable, and its operator true of such a field."""
    kinds = kinds_of(node.left, view)
    if kinds is not None and not any(works_on(node.op, kind) for kind in kinds):
        return False
    lefts, rights = samples_of(node.left, view), samples_of(node.right, view)
    if lefts is None or rights is None:
        return True
    return any(compare(node.op, left, right, NOW) is not None for left in lefts for right in rights)


def _check_between(node: Between, text: str, view: SchemaView) -> Iterator[Problem]:
    values = samples_of(node.value, view)
    lows, highs = samples_of(node.low, view), samples_of(node.high, view)
    if values is None:
        return
    # One bound at a time, so that an unknown one does not hide the other.
    for bounds in ([(low, low) for low in lows or ()], [(high, high) for high in highs or ()]):
        if bounds and all(
            between(value, *pair, NOW) is None for value in values for pair in bounds
        ):
            kinds = kinds_of(node.value, view) or frozenset()
            message = f"BETWEEN cannot compare {subject_of(node.value)}, which is"
            yield _problem(
                text,
                node,
                f"{message} {show_kinds(kinds)}, with these bounds",
                expected=_bounds_for(kinds),
            )
            return


def _bounds_for(kinds: frozenset[str]) -> str:
    if "date" in kinds:
        return 'dates such as "2024-01-31" or "now-3d"'
    if kinds & {"int", "number"}:
        return "two numbers"
    return "a number or a date before BETWEEN"


def _check_call(node: Call, text: str, view: SchemaView) -> Iterator[Problem]:
    function = FUNCTIONS.get(node.name)
    if function is None:
        return
    if function.is_choice:
        for condition in node.args[: len(node.args) - len(node.args) % 2 : 2]:
            yield from _find_no_conditions(condition, text, view)
    for place, arg in enumerate(node.args):
        kinds = kinds_of(arg, view)
        # A literal's very value decides; that is for the function's own check to say.
        if kinds is None or isinstance(arg, Text | Number):
            continue
        if not any(takes(node.name, place, kind) for kind in kinds):
            message = f"{function.signature} has no value for {subject_of(arg)}, which is"
            yield _problem(text, arg, f"{message} {show_kinds(kinds)}")


def _problem(text: str, node: Node, message: str, *, expected: str | None = None) -> Problem:
    at = getattr(node, "at", 0)
    return problem_at(text, at, message, length=token_length(text, at), expected=expected)
