"""What a comparison of two values answers: the slow definition.

None is "no value": a missing side on the way in, "not evaluable" on the way out. The rules are
those of the engine Lytics uses, kind of the left side by kind of the right; see the reference
page of FilterQL for the table.
"""

import operator
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from coterie.lang.expr.bounds import MOST_PATTERNS
from coterie.lang.expr.datemath import whole_second
from coterie.lang.expr.glob import like_matcher
from coterie.lang.expr.membership import shares_an_item
from coterie.lang.expr.tree import EQUALITIES, MEMBERSHIPS, ORDERINGS
from coterie.lang.expr.values import (
    FALSE_WORDS,
    NULL,
    TRUE_WORDS,
    as_float,
    aware,
    items_of,
    kind_of,
    show,
    strict_number,
    to_int,
    to_number,
    to_time,
)

ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_FALSE_WITHOUT_BOTH = (*EQUALITIES, *ORDERINGS, "like")
_FALSE_FOR_ODD_TEXT = ("==", "like", "contains", *MEMBERSHIPS)


def compare(op: str, left: object, right: object, now: datetime) -> bool | None:
    """Return whether `left op right` holds; `now` is the instant that date math counts from."""
    if left is None or right is None:
        return _compare_missing(op, left, right)
    if left is NULL or right is NULL:
        return _compare_null(op, left, right)
    rule = _RULES.get(kind_of(left))
    return None if rule is None else rule(op, left, right, now)


def between(value: object, low: object, high: object, now: datetime) -> bool | None:
    """Return whether `value` lies between the bounds, both excluded."""
    read: Callable[[object], object]
    match kind_of(value):
        case "int":
            read = to_int
        case "number":
            value, read = to_number(value), to_number
        case "time":
            value, read = _second(value, now), lambda bound: _second(bound, now)
        case _:
            return None
    bottom, top = read(low), read(high)
    if value is None or bottom is None or top is None:
        return None
    return ORDER["<"](bottom, value) and ORDER["<"](value, top)


def _compare_missing(op: str, left: object, right: object) -> bool | None:
    if left is None and right is None:
        return False if op in _FALSE_WITHOUT_BOTH else None
    if right is None and op == "contains":
        return None
    return op == "!="


def _compare_null(op: str, left: object, right: object) -> bool | None:
    if op == "!=":
        return True
    return left is right if op == "==" else None


def _compare_text(op: str, left: object, right: object, now: datetime) -> bool | None:
    text = show(left)
    match kind_of(right):
        case "text":
            return _compare_texts(op, text, show(right))
        case "list":
            return _compare_text_list(op, text, right)
        case "bool":
            return _compare_text_bool(op, text, right is True)
        case "map":
            return _has_key(right, text) if op in MEMBERSHIPS else None
        case "int" | "number":
            return _order(op, to_number(left), to_number(right))
        case "time":
            return _order(op, _second(left, now), _second(right, now))
        case _:
            return None


def _compare_texts(op: str, text: str, other: str) -> bool | None:
    match op:
        case "==" | "in" | "intersects":
            return text == other
        case "!=":
            return text != other
        case "contains":
            return other in text
        case "like":
            return is_like(text, other)
        case _:
            return None


def _compare_text_list(op: str, text: str, right: object) -> bool | None:
    others = [show(item) for item in items_of(right)]
    match op:
        case "in" | "intersects":
            return text in others
        case "contains":
            return any(other in text for other in others)
        case "like":
            if len(others) > MOST_PATTERNS:
                return None
            return any(is_like(text, other) is True for other in others)
        case _:
            return None


def _compare_text_bool(op: str, text: str, right: bool) -> bool | None:
    if (text in TRUE_WORDS or text in FALSE_WORDS) and op in EQUALITIES:
        return ORDER[op](text in TRUE_WORDS, right)
    return False if op in _FALSE_FOR_ODD_TEXT else None


def _compare_number(op: str, left: object, right: object, _now: datetime) -> bool | None:
    number = _raw(left)
    match kind_of(right):
        case "int" | "number":
            return _order(op, number, _raw(right))
        case "text":
            return _order(op, number, strict_number(show(right)))
        case "list" if op in MEMBERSHIPS:
            read = to_int if kind_of(left) == "int" else to_number
            return any(number == read(item) for item in items_of(right))
        case _:
            return None


def _compare_bool(op: str, left: object, right: object, _now: datetime) -> bool | None:
    return ORDER[op](left, right) if isinstance(right, bool) and op in EQUALITIES else None


def _compare_time(op: str, left: object, right: object, now: datetime) -> bool | None:
    return _order(op, _second(left, now), _second(right, now))


def _compare_list(op: str, left: object, right: object, now: datetime) -> bool | None:
    items = items_of(left)
    match op:
        case "in" | "intersects":
            if kind_of(right) != "list":
                return None
            return shares_an_item(items, items_of(right), now)
        case "contains":
            return _list_contains(items, right)
        case "like":
            return _list_like(items, right)
        case _:
            return _compare_any_time(op, items, right, now)


def _list_contains(items: object, right: object) -> bool | None:
    members = items_of(items)
    if isinstance(right, str):
        return any(right in show(item) for item in members)
    if isinstance(right, int) and not isinstance(right, bool):
        if members and isinstance(members[0], str):
            return None
        return any(to_int(item) == right for item in members)
    return None


def _list_like(items: object, right: object) -> bool | None:
    if isinstance(right, str):
        return any(is_like(show(item), right) is True for item in items_of(items))
    if kind_of(right) != "list":
        return None
    patterns = [show(pattern) for pattern in items_of(right)]
    if len(patterns) > MOST_PATTERNS:
        return None
    return any(is_like(show(item), p) is True for item in items_of(items) for p in patterns)


def _compare_any_time(op: str, items: object, right: object, now: datetime) -> bool | None:
    members = items_of(items)
    if not members:
        return False
    if not isinstance(members[0], datetime):
        return False if op == "==" and isinstance(members[0], str) else None
    other = _second(right, now)
    if other is None:
        return None
    # An item that is no date cannot be told apart from a wrong one, so it ends the comparison.
    for item in members:
        if not isinstance(item, datetime):
            return None
        if _order(op, _second(item, now), other):
            return True
    return False


def _compare_map(op: str, left: object, right: object, _now: datetime) -> bool | None:
    if op not in MEMBERSHIPS or kind_of(right) != "list":
        return None
    return any(_has_key(left, show(item)) for item in items_of(right))


_RULES: dict[str, Callable[[str, object, object, datetime], bool | None]] = {
    "text": _compare_text,
    "int": _compare_number,
    "number": _compare_number,
    "bool": _compare_bool,
    "time": _compare_time,
    "list": _compare_list,
    "map": _compare_map,
}


def is_like(text: str, pattern: str) -> bool | None:
    """Return whether the whole text fits the LIKE pattern, None for a broken pattern."""
    matcher = like_matcher(pattern)
    return None if matcher is None else bool(matcher(text))


def _raw(value: object) -> object:
    return as_float(value) if isinstance(value, Decimal) else value


def _order(op: str, left: object, right: object) -> bool | None:
    rule = ORDER.get(op)
    return None if rule is None or left is None or right is None else rule(left, right)


def _second(value: object, now: datetime) -> datetime | None:
    instant = to_time(value, now)
    return None if instant is None else whole_second(aware(instant))


def _has_key(value: object, key: str) -> bool:
    return isinstance(value, Mapping) and value.get(key) is not None
