"""What kinds of values there are, and how one is read as another.

"No value" is None. A function here returns None where the value cannot be read so.
"""

import math
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Self

from coterie.lang.expr.datemath import Shift
from coterie.lang.expr.dates import epoch_milliseconds, parse_date

MAX_DIGITS = 400
_STRICT_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_STRICT_INT = re.compile(r"[+-]?\d+", re.ASCII)
MAX_EPOCH_YEARS = (1800, 2120)
_MONEY = str.maketrans("", "", "$,£€ ")
TRUE_WORDS = frozenset(("1", "t", "T", "TRUE", "true", "True"))
FALSE_WORDS = frozenset(("0", "f", "F", "FALSE", "false", "False"))

# What Go calls the zero time: a date that was never set.
ZERO_TIME = datetime(1, 1, 1, tzinfo=UTC)


class NullValue:
    """The type of `NULL`, a value that is there and is nothing."""

    def __repr__(self) -> str:
        """Return the word that stands for it in a text."""
        return "NULL"


NULL = NullValue()


class ClockText(str):
    """A literal such as "now-3d": a string that, beside a date, is an instant."""

    __slots__ = ("shift",)
    shift: Shift

    def __new__(cls, text: str, shift: Shift) -> Self:
        """Return `text`, remembering the distance it names."""
        made = super().__new__(cls, text)
        made.shift = shift
        return made


_KINDS: dict[type, str] = {
    str: "text",
    ClockText: "text",
    int: "int",
    float: "number",
    Decimal: "number",
    bool: "bool",
    datetime: "time",
    list: "list",
    tuple: "list",
    set: "list",
    frozenset: "list",
    dict: "map",
    NullValue: "null",
}


def kind_of(value: object) -> str:
    """Return text, int, number, bool, time, list, map, null, or other."""
    known = _KINDS.get(value.__class__)
    if known is not None:
        return known
    return next((kind for cls, kind in _KINDS.items() if isinstance(value, cls)), _abstract(value))


def _abstract(value: object) -> str:
    return "map" if isinstance(value, Mapping) else "other"


def items_of(value: object) -> Sequence[object]:
    """Return the items of a list; of a set in the order of their texts, so that it never varies."""
    match value:
        case list() | tuple():
            return value
        case set() | frozenset():
            return sorted(value, key=show)
        case _:
            return ()


def is_present(value: object) -> bool:
    """Say whether a value is there: empty text, zero and false are, an empty list is not."""
    if value is None or value is NULL:
        return False
    return not isinstance(value, Collection) or isinstance(value, str) or len(value) > 0


def is_filled(value: object) -> bool:
    """Say whether a value is there, and is neither an empty text nor Go's zero time."""
    if value.__class__ is str:
        return value != ""
    return value not in ("", ZERO_TIME) and is_present(value)


def show(value: object) -> str:
    """Return how a value is written inside a text; nothing is written as nothing."""
    if value.__class__ is str:
        return value
    match value:
        case str():
            return str(value)
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float() | Decimal():
            return _show_number(as_float(value))
        case datetime():
            return str(epoch_milliseconds(aware(value)))
        case list() | tuple() | set() | frozenset():
            return ",".join(show(item) for item in items_of(value))
        case _:
            return ""


def to_text(value: object) -> str | None:
    """Return a value as one text: of a list the first item, of a map nothing."""
    match value:
        case str() | bool() | int() | float() | Decimal():
            return show(value)
        case datetime():
            return _show_time(aware(value))
        case list() | tuple() | set() | frozenset() if value:
            return show(items_of(value)[0])
        case _:
            return None


def to_number(value: object) -> float | int | None:
    """Return a value as a number; currency signs and thousands commas are dropped."""
    match value:
        case bool():
            return 1 if value else 0
        case int():
            return value
        case float() | Decimal():
            number = as_float(value)
            return None if math.isnan(number) else number
        case str():
            found = strict_number(value)
            return strict_number(value.translate(_MONEY)) if found is None else found
        case datetime():
            return epoch_milliseconds(aware(value))
        case _:
            return None


def as_float(value: float | Decimal) -> float:
    """Return a number as a float; a Decimal that signals is plain NaN."""
    return math.nan if isinstance(value, Decimal) and value.is_nan() else float(value)


def strict_number(text: str) -> float | int | None:
    """Return the number that `text` is and nothing else."""
    if len(text) > MAX_DIGITS or _STRICT_NUMBER.fullmatch(text) is None:
        return None
    if "." not in text and _STRICT_INT.fullmatch(text) is not None:
        return int(text)
    number = float(text)
    return number if math.isfinite(number) else None


def to_int(value: object) -> int | None:
    """Return a value as a whole number, cut off toward zero; a date as milliseconds."""
    match value:
        case bool():
            return None
        case str():
            found = _int_of_text(value)
            return _int_of_text(value.translate(_MONEY)) if found is None else found
        case list() | tuple() | set() | frozenset() if value:
            return to_int(items_of(value)[0])
        case _:
            number = to_number(value)
            if number is None or isinstance(number, int):
                return number
            return int(number) if math.isfinite(number) else None


def to_bool(value: object) -> bool | None:
    """Return a value as true or false: 1, 0 and the words Go knows."""
    match value:
        case bool():
            return value
        case int() | float() | Decimal():
            whole = to_int(value)
            return None if whole is None else {0: False, 1: True}.get(whole)
        case str():
            return True if value in TRUE_WORDS else False if value in FALSE_WORDS else None
        case _:
            return None


def to_time(value: object, now: datetime) -> datetime | None:
    """Return a value as an instant; a number is an epoch in the unit its digits tell."""
    match value:
        case datetime():
            return aware(value)
        case ClockText():
            return value.shift.apply(now)
        case str():
            return parse_date(value)
        case bool():
            return None
        case int() | float() | Decimal():
            found = parse_date(show(value))
            low, high = MAX_EPOCH_YEARS
            return found if found is not None and low <= found.year <= high else None
        case list() | tuple() | set() | frozenset() if value:
            first = items_of(value)[0]
            return to_time(first, now) if isinstance(first, str) else None
        case _:
            return None


def same(left: object, right: object, now: datetime) -> bool | None:
    """Say whether two values are equal once `right` is read as what `left` is."""
    if left is None or left is NULL or right is None or right is NULL:
        return left in (None, NULL) and right in (None, NULL)
    match left:
        case str():
            return left == show(right)
        case bool():
            return left == to_bool(right)
        case int():
            return left == to_int(right)
        case float() | Decimal():
            return as_float(left) == to_number(right)
        case datetime():
            return aware(left) == to_time(right, now)
        case list() | tuple() | set() | frozenset() if kind_of(right) == "list":
            ours, theirs = items_of(left), items_of(right)
            pairs = zip(ours, theirs, strict=False)
            return len(ours) == len(theirs) and all(same(a, b, now) for a, b in pairs)
        case _:
            return None


def aware(instant: datetime) -> datetime:
    """Return the instant with a zone: UTC where it has none."""
    return instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)


def _int_of_text(text: str) -> int | None:
    # Most numbers are digits alone, which are told several times as quick as by a pattern.
    if text.isdigit() and text.isascii():
        return int(text) if len(text) <= MAX_DIGITS else None
    if "." in text:
        number = strict_number(text)
        return None if number is None else int(number)
    return int(text) if len(text) <= MAX_DIGITS and _STRICT_INT.fullmatch(text) else None


def _show_number(number: float) -> str:
    if not math.isfinite(number):
        return "NaN" if math.isnan(number) else "+Inf" if number > 0 else "-Inf"
    return str(int(number)) if number.is_integer() else format(Decimal(repr(number)), "f")


def _show_time(instant: datetime) -> str:
    fraction = f".{instant.microsecond:06d}".rstrip("0") if instant.microsecond else ""
    return f"{instant:%Y-%m-%d %H:%M:%S}{fraction} {instant:%z} {instant.tzname()}"
