"""Code for conditions, with the common cases written out in line.

Each form tests the class of the field's value, answers at once for the class that a literal of
this sort is usually compared with, and leaves every other class to `operators`.
"""

from collections.abc import Sequence
from datetime import MAXYEAR, datetime

from coterie.lang.expr.constants import ConstantTable
from coterie.lang.expr.datemath import whole_second
from coterie.lang.expr.dates import SECOND, parse_date
from coterie.lang.expr.glob import like_matcher
from coterie.lang.expr.interpret import literal
from coterie.lang.expr.operators import compare
from coterie.lang.expr.tree import (
    MEMBERSHIPS,
    ORDERINGS,
    Items,
    Node,
    Number,
    Text,
    Truth,
)
from coterie.lang.expr.values import ClockText, show, strict_number, to_int, to_number

SIGNS = {"==": "==", "!=": "!=", ">": ">", ">=": ">=", "<": "<", "<=": "<="}
_WORDS = {"like": "like", "contains": "contains", "in": "in", "intersects": "intersects"}
# A date is compared at whole seconds: for a bound [low, high) of one second, `> bound` is
# `>= high`, `<= bound` is `< high`.
_DATE_FORMS = {">": (">=", 1), ">=": (">=", 0), "<": ("<", 0), "<=": ("<", 1)}
_NUMBER_TEST = "(k := (v := {}).__class__) is int or k is float"


def quick_exists(arg: str) -> str:
    """Return code for EXISTS of what the code `arg` finds."""
    return f"(True if (v := {arg}) else is_present(v))"


def quick_compare(table: ConstantTable, op: str, left: str, right: Node) -> str | None:
    """Return code that compares what the code `left` finds with a literal, None for others."""
    match right:
        case Text(value=text) if op in ORDERINGS:
            return _quick_ordering(table, op, left, literal(text))
        case Text(value=text):
            return _quick_text(table, op, left, literal(text))
        case Number(value=number) if op in SIGNS:
            test = f"v {SIGNS[op]} {table.add(number)}"
            return _choose(table, op, _NUMBER_TEST.format(left), test, number)
        case Truth(value=truth) if op in ("==", "!="):
            test = f"v is {'not ' * (op == '!=')}{truth}"
            return _choose(table, op, f"(v := {left}).__class__ is bool", test, truth)
        case Items(items=items) if op in MEMBERSHIPS and _are_literals(items):
            values = [item.value for item in items if isinstance(item, Text | Number | Truth)]
            return _quick_member(table, op, left, values)
        case _:
            return None


def quick_between(table: ConstantTable, value: str, low: Node, high: Node) -> str | None:
    """Return code for BETWEEN two literals, None where a bound is none."""
    match low, high:
        case Number(value=bottom), Number(value=top):
            whole = [table.add(to_int(bound)) for bound in (bottom, top)]
            broken = [table.add(to_number(bound)) for bound in (bottom, top)]
            quick = (
                f"{whole[0]} < v < {whole[1]} if (k := (v := {value}).__class__) is int "
                f"else {broken[0]} < v < {broken[1]} if k is float "
            )
            bounds: tuple[object, object] = (bottom, top)
        case Text(value=first), Text(value=last):
            bounds = literal(first), literal(last)
            start, end = (_date_bounds(table, literal(bound)) for bound in (first, last))
            if start is None or end is None:
                return None
            quick = f"{start[1]} <= v < {end[0]} if (v := {value}).__class__ is datetime "
        case _:
            return None
    names = [table.add(bound) for bound in bounds]
    return f"({quick}else None if v is None else between(v, {names[0]}, {names[1]}, now))"


def sign_of(op: str) -> str:
    """Return a comparison as Python text, of which there are these and no others."""
    return repr(SIGNS.get(op) or _WORDS[op])


def _choose(table: ConstantTable, op: str, test: str, answer: str, right: object) -> str:
    """Return: the quick answer if the test holds, that of a missing side, or the slow way."""
    missing = "True" if op == "!=" else "False"
    slow = f"compare({sign_of(op)}, v, {table.add(right)}, now)"
    return f"({answer} if {test} else {missing} if v is None else {slow})"


def _quick_text(table: ConstantTable, op: str, left: str, text: str) -> str | None:
    is_text = f"(v := {left}).__class__ is str"
    name = table.add(text)
    match op:
        case "==" | "!=":
            return _choose(table, op, is_text, f"v {SIGNS[op]} {name}", text)
        case "in" | "intersects":
            return _choose(table, op, is_text, f"v == {name}", text)
        case "contains":
            return _choose(table, op, is_text, f"{name} in v", text)
        case _:
            matcher = like_matcher(text)
            if matcher is None:
                return None
            fits = f"not not {table.add(matcher)}(v)"
            return _choose(table, op, is_text, fits, text)


def _quick_ordering(table: ConstantTable, op: str, left: str, text: str) -> str | None:
    number = None if isinstance(text, ClockText) else strict_number(text)
    if number is not None:
        answer = f"v {SIGNS[op]} {table.add(number)}"
        return _choose(table, op, _NUMBER_TEST.format(left), answer, text)
    sign, place = _DATE_FORMS[op]
    bounds = _date_bounds(table, text)
    if bounds is None:
        return None
    is_date = f"(v := {left}).__class__ is datetime"
    return _choose(table, op, is_date, f"v {sign} {bounds[place]}", text)


def _date_bounds(table: ConstantTable, text: str) -> tuple[str, str] | None:
    """Return code for the second a literal names, and for the second after it."""
    if isinstance(text, ClockText):
        place = table.place(text.shift)
        return f"t[{place}]", f"t[{place + 1}]"
    instant = parse_date(text)
    if instant is None or instant.year >= MAXYEAR:
        return None
    low = whole_second(instant)
    return table.add(low), table.add(low + SECOND)


def _quick_member(table: ConstantTable, op: str, left: str, values: Sequence[object]) -> str:
    literals = [literal(value) if isinstance(value, str) else value for value in values]
    texts = frozenset(show(value) for value in literals)

    def is_member(value: object, now: datetime) -> bool | None:
        kind = value.__class__
        if kind is frozenset or kind is set or kind is list or kind is tuple:
            for item in value:  # type: ignore[attr-defined]
                if item.__class__ is not str:
                    break
                if item in texts:
                    return True
            else:
                return False
        return compare(op, value, literals, now)

    test, name = f"(v := {left}).__class__ is str", table.add(texts)
    slow = f"{table.add(is_member)}(v, now)"
    return f"(v in {name} if {test} else False if v is None else {slow})"


def _are_literals(items: tuple[Node, ...]) -> bool:
    return all(isinstance(item, Text | Number | Truth) for item in items)
