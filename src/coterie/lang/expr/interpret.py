"""What an expression means: a tree is walked over one row of data.

This is the definition. It is slow; `codegen` is the quick form, held equal to it by a property
test. None is "no value", and of a condition "not evaluable".
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from msgspec import Struct

from coterie.lang.expr.arithmetic import calculate
from coterie.lang.expr.datemath import parse_literal
from coterie.lang.expr.functions import FUNCTIONS
from coterie.lang.expr.lookup import make_lookup
from coterie.lang.expr.operators import between, compare
from coterie.lang.expr.tree import (
    Arithmetic,
    Asked,
    Between,
    Call,
    Compare,
    Everything,
    Exists,
    Group,
    Include,
    Infix,
    Items,
    Minus,
    Name,
    Node,
    Not,
    Null,
    Number,
    Text,
    Truth,
)
from coterie.lang.expr.values import NULL, ClockText, is_present, kind_of, to_number


class World(Struct, frozen=True):
    """All that an answer may depend on: the row, the instant, and other filters by name.

    An include that is unknown or in a cycle is absent from `includes`.
    """

    row: Mapping[str, object]
    now: datetime
    includes: Mapping[str, Node] = {}


def evaluate(node: Node, world: World) -> object:
    """Return the value of an expression, None for no value."""
    match node:
        case Text(value=value) | Number(value=value) | Truth(value=value):
            return value
        case Null():
            return None
        case Everything():
            return True
        case Name():
            return make_lookup(node)(world.row)
        case Items(items=items):
            return [evaluate(item, world) for item in items]
        case Call():
            return _evaluate_call(node, world)
        case Asked(question=question, edges=edges):
            return question.answer(world.row, world.now, *[_dated(edge, world) for edge in edges])
        case Minus(arg=arg):
            return negative(evaluate(arg, world))
        case Arithmetic(op=op, left=left, right=right):
            return calculate(op, evaluate(left, world), evaluate(right, world))
        case _:
            return _evaluate_condition(node, world)


def foretold_turn(node: Call, world: World) -> datetime | None:
    """Return the next instant at which a call whose function foretells it answers otherwise."""
    flip = FUNCTIONS[node.name].flip
    return None if flip is None else flip(world.now, *_evaluate_args(node, world))


def evaluate_truth(node: Node, world: World) -> bool | None:
    """Return whether a condition holds, None when it is not evaluable."""
    return as_truth(evaluate(node, world))


def literal(text: str) -> str:
    """Return the value of a string literal where it may meet a date: date math remembers so."""
    shift = parse_literal(text)
    return text if shift is None else ClockText(text, shift)


def negative(value: object) -> float | int | None:
    """Return a number with its sign turned."""
    number = to_number(value) if kind_of(value) in ("int", "number") else None
    return None if number is None else -number


def as_truth(value: object) -> bool | None:
    """Return a value that is true or false, None for all others."""
    return value if isinstance(value, bool) else None


def infix_and(*sides: bool | None) -> bool | None:
    """Return what `a AND b` answers: a missing side counts as false, unless all are missing."""
    if all(side is None for side in sides):
        return None
    return all(side is True for side in sides)


def _evaluate_condition(node: Node, world: World) -> bool | None:
    match node:
        case Compare(op=op, left=left, right=right):
            return compare(op, _operand(left, world), _operand(right, world), world.now)
        case Between(value=value, low=low, high=high):
            bounds = _side(low, world), _side(high, world)
            return between(_side(value, world), *bounds, world.now)
        case Exists(arg=arg):
            return is_present(evaluate(arg, world))
        case Not(arg=Include(name=name)) if name in world.includes:
            # What is known and cannot be told counts as not included.
            return evaluate_truth(world.includes[name], world) is not True
        case Not(arg=arg):
            inner = evaluate_truth(arg, world)
            return None if inner is None else not inner
        case Include(name=name):
            included = world.includes.get(name)
            return None if included is None else evaluate_truth(included, world)
        case Infix(op="and", items=items):
            return infix_and(*[evaluate_truth(item, world) for item in items])
        case Group(op="and", items=items):
            return _evaluate_all(items, world)
        case Infix(items=items) | Group(items=items):
            return any(evaluate_truth(item, world) is True for item in items)
        case _:
            raise AssertionError(node)


def _evaluate_all(items: tuple[Node, ...], world: World) -> bool | None:
    for item in items:
        answer = evaluate_truth(item, world)
        if answer is not True:
            return answer
    return True


def _evaluate_call(node: Call, world: World) -> object:
    function = FUNCTIONS[node.name]
    if function.is_choice:
        return _evaluate_choice(node, world, evaluate)
    args = _evaluate_args(node, world)
    return function.run(world.row, world.now, *args) if function.of_world else function.run(*args)


def _evaluate_choice(node: Call, world: World, read: Callable[[Node, World], object]) -> object:
    cases, otherwise = node.cases
    for condition, value in cases:
        if evaluate_truth(condition, world) is True:
            return read(value, world)
    return None if otherwise is None else read(otherwise, world)


def _evaluate_args(node: Call, world: World) -> list[object]:
    read = _dated if FUNCTIONS[node.name].clock else evaluate
    return [read(arg, world) for arg in node.args]


def _operand(node: Node, world: World) -> object:
    return NULL if isinstance(node, Null) else _side(node, world)


def _side(node: Node, world: World) -> object:
    """Return the value of what is compared: date math counts, also where a choice gives it."""
    if isinstance(node, Call) and FUNCTIONS[node.name].is_choice:
        return _evaluate_choice(node, world, _side)
    return _dated(node, world)


def _dated(node: Node, world: World) -> object:
    return literal(node.value) if isinstance(node, Text) else evaluate(node, world)
