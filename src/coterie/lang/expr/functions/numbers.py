"""Functions over numbers, the casts among them."""

import math
from collections.abc import Iterator
from datetime import datetime

from coterie.lang.expr.functions.registry import Catalogue, Example, Row
from coterie.lang.expr.values import (
    is_filled,
    is_present,
    items_of,
    kind_of,
    show,
    to_bool,
    to_int,
    to_number,
    to_time,
)

CATALOGUE = Catalogue()
_WORD = 2**64
# Larger ones do not fit into a float.
_LIMIT = 2**1023


def _finite(value: object) -> float | None:
    number = to_number(value)
    return float(number) if number is not None and abs(number) < _LIMIT else None


@CATALOGUE.add("toint(value)", of_text=to_int, example=Example('toint("$5,555.10")', 5555))
def _toint(value: object) -> int | None:
    """Return a whole number, cut off toward zero; `$5,555.10` is 5555, a date is milliseconds."""
    return to_int(value)


@CATALOGUE.add(
    "tonumber(value)", of_text=_finite, example=Example('tonumber("€ 5,555.10")', 5555.1)
)
def _tonumber(value: object) -> float | None:
    """Return a number; currency signs and thousands commas are dropped."""
    return _finite(value)


@CATALOGUE.add("tobool(value)", of_text=to_bool, example=Example('tobool("t")', True))
def _tobool(value: object) -> bool | None:
    """Return true for 1, t and true, false for 0, f and false, no value for all else."""
    return to_bool(value) if kind_of(value) != "time" else None


@CATALOGUE.add("tostring(value)", example=Example("tostring(12.50)", "12.5"))
def _tostring(value: object) -> str | None:
    """Return a value as text; a date as milliseconds, a list with commas."""
    return show(value) if is_present(value) and kind_of(value) != "map" else None


@CATALOGUE.add(
    "cast(value, type)", of_world=True, clock="dates", example=Example('cast("12" AS int)', 12)
)
def _cast(_row: Row, now: datetime, value: object, kind: object) -> object:
    """Return a value as int, number, string, char or time; also written `cast(value AS type)`."""
    if not is_filled(value):
        return None
    match show(kind).lower():
        case "int" | "integer":
            return to_int(value)
        case "number" | "float":
            return _tonumber(value)
        case "string" | "char":
            return _tostring(value)
        case "time" | "date" | "datetime":
            return to_time(value, now)
        case _:
            return None


@CATALOGUE.add("unsign(number)", example=Example("unsign(-1)", "18446744073709551615"))
def _unsign(number: object) -> str | None:
    """Return a whole number as text, a negative one as its unsigned 64-bit twin."""
    whole = to_int(number)
    return None if whole is None else str(whole % _WORD)


@CATALOGUE.add("count(value)", example=Example("count(session)", 1, {"session": "s1"}))
def _count(value: object) -> int | None:
    """Return 1 when there is a value that is not empty."""
    return 1 if is_filled(value) else None


@CATALOGUE.add("sum(value, ...)", example=Example("sum(net, tax)", 11.9, {"net": 10, "tax": "1.9"}))
def _sum(value: object, *more: object) -> float | None:
    """Return the sum of numbers and lists of numbers; no value when it is zero."""
    total = 0.0
    for number in _numbers((value, *more)):
        if number is None:
            return None
        total += number
    return total or None


@CATALOGUE.add("avg(value, ...)", example=Example("avg(marks)", 2.0, {"marks": [1, 2, 3]}))
def _avg(value: object, *more: object) -> float | None:
    """Return the mean of numbers and lists of numbers."""
    numbers = list(_numbers((value, *more)))
    known = [number for number in numbers if number is not None]
    return sum(known) / len(known) if known and len(known) == len(numbers) else None


@CATALOGUE.add("min(value, ...)", example=Example("min(marks)", 1.0, {"marks": [3, 1, 2]}))
def _min(value: object, *more: object) -> float | None:
    """Return the smallest of numbers and lists of numbers."""
    numbers = [number for number in _numbers((value, *more)) if number is not None]
    return min(numbers, default=None)


@CATALOGUE.add("max(value, ...)", example=Example("max(marks, 2.5)", 3.0, {"marks": [3, 1, 2]}))
def _max(value: object, *more: object) -> float | None:
    """Return the greatest of numbers and lists of numbers."""
    numbers = [number for number in _numbers((value, *more)) if number is not None]
    return max(numbers, default=None)


@CATALOGUE.add("sqrt(number)", example=Example("sqrt(9)", 3.0))
def _sqrt(number: object) -> float | None:
    """Return the square root of a number that is not negative."""
    root = _finite(number)
    return None if root is None or root < 0 else math.sqrt(root)


@CATALOGUE.add("pow(base, exponent)", example=Example("pow(2, 10)", 1024.0))
def _pow(base: object, exponent: object) -> float | None:
    """Return a number raised to a power."""
    left, right = to_number(base), to_number(exponent)
    if left is None or right is None:
        return None
    try:
        return math.pow(left, right)
    except (OverflowError, ValueError):
        return None


def _numbers(values: tuple[object, ...]) -> Iterator[float | None]:
    """Yield the numbers in the values; None for what ought to be one."""
    for value in values:
        match kind_of(value):
            case "list":
                yield from (_finite(item) for item in items_of(value))
            case "text":
                if (number := _finite(value)) is not None:
                    yield number
            case "int" | "number":
                yield _finite(value)
            case "bool" | "map" | "time":
                yield None
