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
    With `asked` too: the instant at which now, so shifted, reaches a turning point of that
    question's window, `of_start` of its start, else of its end. With a `node` alone, which is a
    call: the instant that its function foretells. Without: the next full hour, or the next midnight
    when `daily`.
    """

    node: Node | None = None
    shift: Shift | None = None
    daily: bool = False
    asked: Asked | None = None
    of_start: bool = False


class Misuse(Struct, frozen=True):
    """A place where the present is used so that no next change can be foretold."""

    at: int


def moves_with_time(node: Node) -> bool:
    """Say whether the value may change with time alone."""
    return (
        isinstance(node, Asked)
        or _is_moving_call(node)
        or any(
            moves_with_time(part) or (dated and _names_now(node, part))
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
    first, second = _shifts_of(one), _shifts_of(other)
    if first and second:
        yield Watch(daily=True)
    for shift in first:
        yield Watch(other, shift)
    for shift in second:
        yield Watch(one, shift)
    yield from _watch_within(one)
    yield from _watch_within(other)


def _watch_within(side: Node) -> Iterator[Watch | Misuse]:
    """Yield the reasons that lie inside one side of a comparison of dates."""
    if _shift_of(side) is not None:
        return
    if not is_choice(side):
        yield from find_watches(side)
        return
    conditions, values = _arms(side)
    for condition in conditions:
        yield from find_watches(condition)
    for value in values:
        yield from _watch_within(value)


def _watch_edges(node: Asked) -> Iterator[Watch | Misuse]:
    # Until when is the present, where nothing else is said: what lies in the future comes to count.
    shifts = [_shift_of(edge) for edge in node.edges] + [Shift()] * (len(node.edges) < _EDGES)
    for place, shift in enumerate(shifts):
        if shift is not None:
            of_start = place == 0 and len(node.edges) > 0
            yield Watch(shift=shift, asked=node, of_start=of_start)
    for edge in node.edges:
        yield from find_watches(edge)


def is_choice(node: Node) -> bool:
    """Say whether this is a call that chooses among values."""
    return isinstance(node, Call) and FUNCTIONS[node.name].is_choice


def _arms(choice: Node) -> tuple[list[Node], list[Node]]:
    """Return the conditions of a choice, and the values it is among."""
    args = children(choice)
    return list(args[: len(args) - 1 : 2]), [*args[1::2], *args[-1:] * (len(args) % 2)]


def _is_dated(*parts: Node) -> bool:
    return any(_shifts_of(part) for part in parts)


def _names_now(node: Node, part: Node) -> bool:
    """Say whether a part of a node is date math there; in a comparison a choice may give it."""
    if isinstance(node, Compare | Between):
        return bool(_shifts_of(part))
    return _shift_of(part) is not None


def _shifts_of(side: Node) -> list[Shift]:
    """Return how far from now the instants are that a side names; a choice may name several."""
    if is_choice(side):
        return [shift for value in _arms(side)[1] for shift in _shifts_of(value)]
    shift = _shift_of(side)
    return [] if shift is None else [shift]


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
