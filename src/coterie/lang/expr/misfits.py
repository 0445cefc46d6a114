"""Saying why a comparison does not work on a field, and how it does."""

from collections.abc import Callable, Iterator

from coterie.lang.expr.errors import Problem, problem_at
from coterie.lang.expr.kinds import Kinds
from coterie.lang.expr.render import render
from coterie.lang.expr.samples import works_on
from coterie.lang.expr.tokens import token_length
from coterie.lang.expr.tree import (
    COMPARISONS,
    EQUALITIES,
    MEMBERSHIPS,
    ORDERINGS,
    Compare,
    Items,
    Name,
    Node,
    Not,
    Number,
    Text,
    Truth,
)
from coterie.lang.expr.values import FALSE_WORDS, TRUE_WORDS, show, strict_number

LONGEST_SUBJECT = 40
_BETWEEN_KINDS = ("int", "number", "date")


def describe_misfit(
    node: Compare,
    text: str,
    kinds: Kinds | None,
    *,
    works: Callable[[Compare], bool],
    right_only: bool = False,
) -> Problem:
    """Return the problem of a comparison that can never be told.

    With `right_only` its operator works on such a field, but not with what is on its right. A
    suggestion is one that `works`.
    """
    length = token_length(text, node.at)
    sign = text[node.at : node.at + length].upper()
    subject, what = subject_of(node.left), show_kinds(kinds)
    if right_only:
        other = _shorten(render(node.right))
        message = f"{sign} cannot compare {subject}, which is {what}, with {other}"
        expected = _right_for(node, kinds or frozenset())
    else:
        message = f"{sign} does not work on {subject}, which is {what}"
        expected = _operators_of(node, kinds or frozenset())
    meant = next(
        (render(each) for each in _repairs(node, kinds) if works(_comparison_in(each))), None
    )
    return problem_at(text, node.at, message, length=length, expected=expected, suggestion=meant)


def subject_of(node: Node) -> str:
    """Return a few words for what a message is about: its text, if that is short."""
    return _shorten(render(node))


def show_kinds(kinds: Kinds | None) -> str:
    """Return kinds as words: `int or number`."""
    return " or ".join(sorted(kinds)) if kinds else "of another kind"


def _shorten(shown: str) -> str:
    return shown if len(shown) <= LONGEST_SUBJECT else f"{shown[: LONGEST_SUBJECT - 3]}..."


def _operators_of(node: Compare, kinds: Kinds) -> str:
    if kinds == frozenset({"geolocation"}):
        return f'a distance, such as geodistance({render(node.left)}, "52.5,13.4", 30)'
    if any(kind.startswith("map[") for kind in kinds) and isinstance(node.left, Name):
        return f"one of its keys, such as {render(node.left)}.key"
    known = [op for op in COMPARISONS if any(works_on(op, kind) for kind in kinds)]
    signs = ["=" if op == "==" else op.upper() for op in known]
    signs += ["BETWEEN"] if kinds & set(_BETWEEN_KINDS) else []
    return f"one of {', '.join([*signs, 'EXISTS'])}"


def _right_for(node: Compare, kinds: Kinds) -> str | None:
    if node.op in MEMBERSHIPS:
        return "a list in parentheses of such values"
    if node.op in ("like", "contains"):
        return "a text in quotes"
    if "date" in kinds or "[]time" in kinds:
        return 'a date such as "2024-01-31" or "now-3d"'
    if kinds & {"int", "number"} or (kinds == {"string"} and node.op in ORDERINGS):
        return "a number"
    return "true or false, without quotes" if kinds == {"bool"} else None


def _repairs(node: Compare, kinds: Kinds | None) -> Iterator[Compare | Not]:
    """Yield what may have been meant, likeliest first."""
    op, left, right = node.op, node.left, node.right
    if isinstance(right, Text | Number | Truth):
        listed = Items((right,))
        if op in EQUALITIES and kinds is not None and kinds <= {"[]string", "ts[]string"}:
            member = Compare("intersects", left, listed)
            yield member if op == "==" else Not(member)
        if op in MEMBERSHIPS:
            yield Compare(op, left, listed)
    match right:
        case Number(value=number) if op in ("like", "contains"):
            yield Compare(op, left, Text(show(number)))
        case Text(value=word):
            parsed = strict_number(word)
            if parsed is not None:
                yield Compare(op, left, Number(parsed))
            if word in TRUE_WORDS or word in FALSE_WORDS:
                yield Compare(op, left, Truth(word in TRUE_WORDS))
        case Number(value=0 | 1 as number):
            yield Compare(op, left, Truth(bool(number)))


def _comparison_in(node: Compare | Not) -> Compare:
    match node:
        case Not(arg=Compare() as inner):
            return inner
        case Compare():
            return node
        case _:
            raise AssertionError(node)
