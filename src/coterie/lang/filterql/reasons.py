"""What a condition looked at, and why it cannot be told or fails for want of data."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from coterie.lang.expr.datemath import parse_literal
from coterie.lang.expr.interpret import World, evaluate
from coterie.lang.expr.jsondata import write_value
from coterie.lang.expr.render import render
from coterie.lang.expr.tree import (
    Asked,
    Between,
    Compare,
    Everything,
    Exists,
    Items,
    Name,
    Node,
    Null,
    Number,
    Text,
    Truth,
    children,
    walk,
)
from coterie.lang.expr.values import kind_of

LONGEST_TEXT = 200
MOST_ITEMS = 20
_LITERALS = (Number, Truth, Null, Everything)
_KINDS = {
    "text": "a text",
    "int": "a number",
    "number": "a number",
    "bool": "true or false",
    "time": "a date",
    "list": "a list",
    "map": "a map",
    "null": "NULL",
    "other": "of no kind",
}


class Seen(Struct, frozen=True, kw_only=True):
    """Something a condition looked at: its text, and the value it had.

    `value` is what JSON can say, None where `missing`; long ones are cut, and `left_out` counts the
    items that are not shown. `is_cut`: its window reaches back to where only totals of days are
    kept, so it may be wrong by a part of a day. `is_redacted`: the value is not for whoever asks.
    """

    text: str
    value: object = None
    missing: bool = False
    left_out: int = 0
    is_cut: bool = False
    is_redacted: bool = False


def find_seen(condition: Node, world: World) -> tuple[Seen, ...]:
    """Return what a condition looks at: both sides as they are compared, then fields in them."""
    found: dict[str, Seen] = {}
    for node in _looked_at(condition):
        text = render(node)
        if text not in found:
            found[text] = _see(text, _value(node, world), is_cut=_is_cut(node, world))
    return tuple(found.values())


def find_reason(condition: Node, answer: bool | None, world: World) -> str:
    """Return why a condition answers as it does, where the values alone do not show it."""
    missing = [render(side) for side in _sides(condition) if _is_missing(side, world)]
    if not missing or isinstance(condition, Exists):
        return _find_mismatch(condition, world) if answer is None else ""
    names = " and ".join(missing)
    verb = "has" if len(missing) == 1 else "have"
    if answer is None:
        return f"{names} {verb} no value, so this cannot be told"
    is_difference = isinstance(condition, Compare) and condition.op == "!=" and answer
    return f"{names} {verb} no value, which counts as different" if is_difference else ""


def _find_mismatch(condition: Node, world: World) -> str:
    match condition:
        case Compare(op=op, left=left, right=right):
            shown = f"{_describe(left, world)}, {_describe(right, world)}"
            return f"{shown}: {op.upper()} cannot compare these"
        case Between(value=value, low=low, high=high):
            shown = ", ".join(_describe(side, world) for side in (value, low, high))
            return f"{shown}: BETWEEN needs numbers or dates"
        case _:
            return f"{_describe(condition, world)}, which is neither true nor false"


def _describe(node: Node, world: World) -> str:
    return f"{render(node)} is {_KINDS[kind_of(_value(node, world))]}"


def _sides(condition: Node) -> Sequence[Node]:
    is_asked_whole = not isinstance(condition, Compare | Between | Exists)
    return (condition,) if is_asked_whole else children(condition)


def _is_missing(node: Node, world: World) -> bool:
    return not isinstance(node, Null) and _value(node, world) is None


def _looked_at(condition: Node) -> Iterator[Node]:
    for side in _sides(condition):
        match side:
            case Text(value=text) if parse_literal(text) is None:
                continue
            case _ if isinstance(side, _LITERALS):
                continue
            case Items():
                yield from (part for part in walk(side) if isinstance(part, Name))
            case _:
                yield side
                yield from (part for part in walk(side) if isinstance(part, Name))


def _value(node: Node, world: World) -> object:
    """Return the value of one side; a text with date math is the instant that it names."""
    if isinstance(node, Text):
        shift = parse_literal(node.value)
        return node.value if shift is None else shift.apply(world.now)
    return evaluate(node, world)


def _is_cut(node: Node, world: World) -> bool:
    if not isinstance(node, Asked):
        return False
    edges = [_value(edge, world) for edge in node.edges]
    return not node.question.is_exact(world.row, world.now, *edges)


def _see(text: str, value: object, *, is_cut: bool) -> Seen:
    shown = write_value(value)
    left_out = max(0, len(shown) - MOST_ITEMS) if isinstance(shown, list | Mapping) else 0
    return Seen(
        text=text, value=_cut(shown), missing=value is None, left_out=left_out, is_cut=is_cut
    )


def _cut(value: object) -> object:
    match value:
        case str() if len(value) > LONGEST_TEXT:
            return f"{value[:LONGEST_TEXT]}…"
        case list():
            return [_cut(each) for each in value[:MOST_ITEMS]]
        case dict():
            return {key: _cut(each) for key, each in list(value.items())[:MOST_ITEMS]}
        case _:
            return value
