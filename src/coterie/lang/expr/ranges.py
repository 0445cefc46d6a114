"""One value for each range into which literals divide the values of a field."""

import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from coterie.lang.expr.datemath import parse_literal, whole_second
from coterie.lang.expr.dates import parse_date
from coterie.lang.expr.values import aware, strict_number, to_time

Literal = str | int | float | bool
# No text that a person writes into a filter.
_OTHER_TEXT = "\ufdd0 none of those"


def values_to_try(
    kind: str, literals: Sequence[Literal], now: datetime
) -> tuple[object, ...] | None:
    """Return values of a field of this kind: those at the literals, beside and between them.

    None where a literal says nothing about such a field, or the ranges cannot be told apart.
    """
    try:
        match kind:
            case "string":
                texts = {each for each in literals if isinstance(each, str)}
                return (*sorted(texts), _OTHER_TEXT)
            case "bool":
                return (True, False)
            case "int":
                return tuple(_whole_numbers(_numbers(literals)))
            case "number":
                return tuple(_broken_numbers(_numbers(literals)))
            case "date":
                return tuple(_instants(literals, now))
    except (OverflowError, ValueError):
        return None
    return None


def _numbers(literals: Iterable[Literal]) -> list[int | float]:
    found: list[int | float] = []
    for each in literals:
        number = strict_number(each) if isinstance(each, str) else each
        if number is None or isinstance(number, bool):
            raise ValueError(each)
        found.append(number)
    return found


def _whole_numbers(numbers: Iterable[int | float]) -> list[int]:
    # BETWEEN cuts its bounds off toward zero, hence one more on each side.
    near = {math.floor(each) + step for each in numbers for step in (-2, -1, 0, 1, 2)}
    return sorted(near | {0})


def _broken_numbers(numbers: Iterable[int | float]) -> list[float]:
    ordered = sorted({float(each) for each in numbers} | {0.0})
    between = [(low + high) / 2 for low, high in pairwise(ordered)]
    beside = [math.nextafter(each, end) for each in ordered for end in (-math.inf, math.inf)]
    return [*ordered, *between, *beside]


def _instants(literals: Iterable[Literal], now: datetime) -> list[datetime]:
    found = {whole_second(now)}
    for each in literals:
        shift = parse_literal(each) if isinstance(each, str) else None
        if shift is not None:
            instant = shift.apply(now)
        elif isinstance(each, str):
            instant = parse_date(each)
        else:
            instant = to_time(each, now)
        if instant is None:
            raise ValueError(each)
        found.add(whole_second(aware(instant)))
    second = timedelta(seconds=1)
    return sorted({each + step for each in found for step in (-second, 0 * second, second)})
