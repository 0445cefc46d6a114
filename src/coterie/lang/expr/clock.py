"""How an expression depends on the clock.

Date math such as "now-3d" counts where it may meet a date: beside a comparison sign, as a bound
of BETWEEN, or as an argument of a function that takes dates. Elsewhere it is an ordinary text.
"""

from collections.abc import Iterator

from msgspec import Struct

from coterie.lang.expr.datemath import Shift, parse_literal
from coterie.lang.expr.errors import Problem, problem_at
from coterie.lang.expr.functions import FUNCTIONS
from coterie.lang.expr.functions.registry import Function
from coterie.lang.expr.tokens import token_length
from coterie.lang.expr.tree import (
    EQUALITIES,
    ORDERINGS,
    Asked,
    Between,
    Call,
    Compare,
    Node,
    Text,
    children,
)

_DATED = (*EQUALITIES, *ORDERINGS)
_SECONDS_PER_HOUR = 3_600
_EDGES = 2


class Watch(Struct, frozen=True):
    """A reason to look again later.

    With a `shift`: the instant at which now, so shifted, reaches a date in the value of `node`.
    With `asked` too: the instant at which now, so shifted, reaches or leaves a turning point of
    that question. With a `node` alone, which is a call: the instant that its function foretells.
    Without: the next full hour, or the next midnight when `daily`.
    """

    node: Node | None = None
    shift: Shift | None = None
    daily: bool = False
    asked: Asked | None = None


class Misuse(Struct, frozen=True):
    """A place where the present is used so that no next change can be foretold."""

    at: int


def moves_with_time(node: Node) -> bool:
    """Say whether the value may change with time alone."""
    return (
        isinstance(node, Asked)
        or _is_moving_call(node)
        or any(
            _shift_of(part) is not None or moves_with_time(part) if dated else moves_with_time(part)
            for part, dated in _parts(node)
        )
    )


def find_clock_problems(node: Node, text: str) -> Iterator[Problem]:
    """Yield where a filter uses the present so that no next change can be foretold."""
    for found in find_watches(node):
        if isinstance(found, Misuse):
            yield problem_at(
                text,
                found.at,
                "nobody can foretell when this changes",
                length=token_length(text, found.at),
                expected='a date compared with the present, such as: last_visit > "now-3d"',
            )


def find_watches(node: Node) -> Iterator[Watch | Misuse]:
    """Yield all reasons to look at a condition again, or what is wrong with its use of now."""
    if not moves_with_time(node):
        return
    match node:
        case Compare(op=op, left=left, right=right) if op in _DATED and _is_dated(left, right):
            yield from _watch_pair(left, right)
        case Between(value=value, low=low, high=high) if _is_dated(value, low, high):
            yield from _watch_pair(value, low)
            yield from _watch_pair(value, high)
        case Asked():
            yield from _watch_edges(node)
        case Call() if _is_hourly(node):
            yield Watch()
        case Call() if FUNCTIONS[node.name].flip is not None:
            yield Watch(node)
            for part in children(node):
                yield from find_watches(part)
        case _:
            if _is_moving_call(node) or any(
                dated and _shift_of(part) is not None for part, dated in _parts(node)
            ):
                yield Misuse(getattr(node, "at", 0))
            for part in children(node):
                yield from find_watches(part)


def _watch_pair(one: Node, other: Node) -> Iterator[Watch | Misuse]:
    first, second = _shift_of(one), _shift_of(other)
    if first is not None and second is not None:
        yield Watch(daily=True)
    elif first is not None:
        yield Watch(other, first)
        yield from find_watches(other)
    elif second is not None:
        yield Watch(one, second)
        yield from find_watches(one)
    else:
        yield from find_watches(one)
        yield from find_watches(other)


def _watch_edges(node: Asked) -> Iterator[Watch | Misuse]:
    # Until when is the present, where nothing else is said: what lies in the future comes to count.
    shifts = [_shift_of(edge) for edge in node.edges] + [Shift()] * (len(node.edges) < _EDGES)
    for shift in shifts:
        if shift is not None:
            yield Watch(shift=shift, asked=node)
    for edge in node.edges:
        yield from find_watches(edge)


def _is_dated(*parts: Node) -> bool:
    return any(_shift_of(part) is not None for part in parts)


def _shift_of(node: Node) -> Shift | None:
    """Return how far from now the instant is that this node names, None when it names none."""
    match node:
        case Text(value=text):
            return parse_literal(text)
        case Call(name="now"):
            return Shift()
        case (
            Call(name="todate", args=(Text(value=text),))
            | Call(name="todatein", args=(Text(value=text), _))
        ):
            return parse_literal(text)
        case _:
            return None


def _parts(node: Node) -> Iterator[tuple[Node, bool]]:
    """Yield the children of a node, with whether date math counts there."""
    match node:
        case Compare(op=op):
            dated = op in _DATED
        case Between():
            dated = True
        case Call(name=name):
            dated = FUNCTIONS[name].clock != ""
        case _:
            dated = False
    for part in children(node):
        yield part, dated


def _is_moving_call(node: Node) -> bool:
    """Say whether this is a call that asks for the present by itself."""
    if not isinstance(node, Call):
        return False
    function = FUNCTIONS[node.name]
    return function.flip is not None or (
        _defaults_to_now(function) and len(node.args) < max(function.most or 0, 1)
    )


def _defaults_to_now(function: Function) -> bool:
    return function.clock in ("instant", "calendar", "other")


def _is_hourly(node: Call) -> bool:
    """Say whether this is a calendar function of the present, to the hour."""
    if FUNCTIONS[node.name].clock != "calendar":
        return False
    if not node.args:
        return True
    shift = _shift_of(node.args[0])
    return shift is not None and shift.seconds % _SECONDS_PER_HOUR == 0
