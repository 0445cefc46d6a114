"""Make a mapped value fit the kind of its field, or say that there is none."""

import math
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from coterie.lang.expr.geography import read_place
from coterie.model.hours import hour_of
from coterie.model.schema import MAP_KINDS, SET_KINDS, TALLY_KIND

NO_VALUE = None
Coercion = Callable[[Any], Any]

# Sums stay exact within this range, whatever the order (see base.exact).
LARGEST_NUMBER = 10.0**15


def to_string(value: Any) -> str | None:
    """Return the text of a scalar; None for empty text, containers and None."""
    if type(value) is str:
        return value or NO_VALUE
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return NO_VALUE


def to_int(value: Any) -> int | None:
    """Return an integer within 64 bits; numbers are cut towards zero."""
    if value.__class__ is int:
        return value if -LARGEST_NUMBER < value < LARGEST_NUMBER else NO_VALUE
    number = to_number(value)
    if number is None:
        return NO_VALUE
    return int(number)


def to_number(value: Any) -> int | float | None:
    """Return an int or a finite float below 10^15 in size."""
    kind = value.__class__
    # The exact classes first: what JSON holds is of them, and a test of a union is slow.
    if kind is int or kind is float:
        # Not a number is in no range.
        return value if -LARGEST_NUMBER < value < LARGEST_NUMBER else NO_VALUE
    if isinstance(value, bool):
        return NO_VALUE
    if isinstance(value, Decimal):
        value = float(value)
    elif isinstance(value, str):
        try:
            value = float(value) if not value.lstrip("-").isdigit() else int(value)
        except ValueError:
            return NO_VALUE
    if not isinstance(value, int | float) or not math.isfinite(value):
        return NO_VALUE
    return value if -LARGEST_NUMBER < value < LARGEST_NUMBER else NO_VALUE


def to_float(value: Any) -> float | None:
    """Return a finite float, so that 1 and 1.0 are one value whichever came first."""
    number = to_number(value)
    return NO_VALUE if number is None else float(number)


def to_bool(value: Any) -> bool | None:
    """Return True or False from a boolean, 0/1, or the words yes, no, true, false, t, f, y, n."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float) and value in (0, 1):
        return bool(value)
    if isinstance(value, str):
        return {
            "true": True, "t": True, "yes": True, "y": True, "1": True,
            "false": False, "f": False, "no": False, "n": False, "0": False,
        }.get(value.strip().lower())  # fmt: skip
    return NO_VALUE


def to_date(value: Any) -> datetime | None:
    """Return an aware UTC instant; text in ISO 8601 is read, a missing zone means UTC."""
    if value.__class__ is datetime and value.tzinfo is UTC:
        return value
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return NO_VALUE
    if not isinstance(value, datetime):
        return NO_VALUE
    if value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    try:
        return value.astimezone(UTC)
    except OverflowError:
        return NO_VALUE


def _to_list(item: Coercion) -> Coercion:
    def coerce(value: Any) -> list[Any] | None:
        if value.__class__ is str:
            only = item(value)
            return NO_VALUE if only is None else [only]
        raw = value if isinstance(value, (list, tuple, set, frozenset)) else (value,)
        return [found for each in raw if (found := item(each)) is not None] or NO_VALUE

    return coerce


def _to_map(item: Coercion) -> Coercion:
    def coerce(value: Any) -> dict[str, Any] | None:
        if not isinstance(value, dict):
            return NO_VALUE
        kept = {str(key): found for key, raw in value.items() if (found := item(raw)) is not None}
        return kept or NO_VALUE

    return coerce


def to_place(value: Any) -> dict[str, float] | None:
    """Return latitude and longitude from a text, a list of two numbers or a map of lat and lon."""
    place = read_place(value)
    return NO_VALUE if place is None else {"lat": place.latitude, "lon": place.longitude}


def to_tally(value: Any) -> dict[int, int] | None:
    """Return counts by the number of the hour, from such a map by dates, or from dates."""
    if isinstance(value, dict):
        pairs = [(to_date(key), to_int(count)) for key, count in value.items()]
    else:
        raw = value if isinstance(value, list | tuple | set | frozenset) else (value,)
        pairs = [(to_date(item), 1) for item in raw]
    counts: dict[int, int] = {}
    for date, count in pairs:
        if date is not None and count is not None and count > 0:
            hour = hour_of(date)
            counts[hour] = counts.get(hour, 0) + count
    return counts or NO_VALUE


def to_any(value: Any) -> Any:
    """Return a scalar, or a list or map of scalars, in the one form that equal values share."""
    if isinstance(value, dict):
        kept = _to_map(_to_scalar)(value)
        return NO_VALUE if kept is None else dict(sorted(kept.items()))
    if isinstance(value, list | tuple):
        return _to_list(_to_scalar)(value)
    if isinstance(value, set | frozenset):
        return _to_list(_to_scalar)(sorted(value, key=repr))
    return _to_scalar(value)


def _to_scalar(value: Any) -> Any:
    if isinstance(value, float):
        # 1.0 and 1 are one value, whichever came first.
        number = to_number(value)
        return int(number) if number is not None and number == int(number) else number
    if isinstance(value, datetime):
        return to_date(value)
    if isinstance(value, int):
        return value if abs(value) < 2**63 else NO_VALUE
    return value if isinstance(value, str) and value != "" else NO_VALUE


_SCALARS: dict[str, Coercion] = {
    "string": to_string,
    "int": to_int,
    "number": to_float,
    "bool": to_bool,
    "date": to_date,
    "geolocation": to_place,
    "dynamic": to_any,
    TALLY_KIND: to_tally,
}
_ITEMS: dict[str, Coercion] = {**_SCALARS, "time": to_date, "intsum": to_int, "value": _to_scalar}


def coercion(kind: str) -> Coercion:
    """Return the function that makes any value fit `kind` (None where it cannot)."""
    if kind in _SCALARS:
        return _SCALARS[kind]
    if kind in SET_KINDS:
        return _to_list(_ITEMS[kind.rpartition("]")[2]])
    if kind in MAP_KINDS:
        return _to_map(_ITEMS[kind.rpartition("]")[2]])
    return _to_scalar
