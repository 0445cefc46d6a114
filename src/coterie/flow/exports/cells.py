"""Values of profiles as cells of a file: text for CSV, JSON values, values that fit a type."""

import math
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec

from coterie.model.file_exports import Column, ColumnKind, ColumnShape
from coterie.model.schema import Field

# What Parquet's 64-bit integers hold.
LARGEST = 2**63

KINDS: Mapping[str, tuple[ColumnKind, ColumnShape]] = {
    "string": ("text", "one"),
    "int": ("integer", "one"),
    "number": ("number", "one"),
    "bool": ("boolean", "one"),
    "date": ("time", "one"),
    "[]string": ("text", "list"),
    "ts[]string": ("text", "list"),
    "[]time": ("time", "list"),
    "map[string]string": ("text", "map"),
    "map[string]int": ("integer", "map"),
    "map[string]number": ("number", "map"),
    "map[string]bool": ("boolean", "map"),
    "map[string]time": ("time", "map"),
    "map[string]intsum": ("integer", "map"),
}
"""What a column of a field holds; fields of other kinds are text that is JSON."""


def column_of(field: Field, heading: str) -> Column:
    """Return the column that holds a field."""
    if field.op == "count":
        return Column(heading=heading, kind="integer")
    kind, shape = KINDS.get(field.kind, ("text", "one"))
    return Column(heading=heading, kind=kind, shape=shape)


def as_text(value: Any, join: str) -> str:
    """Return a value as a CSV cell; "" for none. Maps are JSON, times ISO 8601 in UTC."""
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case list() | tuple() | set() | frozenset():
            return join.join(as_text(each, join) for each in value)
        case Mapping():
            return msgspec.json.encode(as_json(value)).decode()
        case _:
            return str(as_json(value))


def as_json(value: Any) -> Any:
    """Return a value as JSON holds it; numbers that JSON has no words for are none."""
    match value:
        case None | bool() | str() | int():
            return value
        case float():
            return value if math.isfinite(value) else None
        case Decimal():
            if not value.is_finite():
                return None
            return int(value) if value == value.to_integral_value() else float(value)
        case datetime():
            moment = value if value.tzinfo else value.replace(tzinfo=UTC)
            return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case list() | tuple() | set() | frozenset():
            return [as_json(each) for each in value]
        case Mapping():
            return {str(key): as_json(each) for key, each in value.items()}
        case _:
            return str(value)


def as_typed(value: Any, column: Column) -> Any:
    """Return a value as JSON that surely is of the column's type; what cannot be is none."""
    if value is None:
        return None
    cast = CASTS[column.kind]
    match column.shape:
        case "list":
            members = value if isinstance(value, list | tuple) else [value]
            return [cast(each) for each in members]
        case "map":
            if not isinstance(value, Mapping):
                return None
            return {str(key): cast(each) for key, each in value.items()}
        case _:
            return cast(value)


def _text(value: Any) -> str:
    found = as_json(value)
    return found if isinstance(found, str) else msgspec.json.encode(found).decode()


def _integer(value: Any) -> int | None:
    found = as_json(value)
    if isinstance(found, bool) or not isinstance(found, int | float) or found != int(found):
        return None
    return int(found) if -LARGEST <= found < LARGEST else None


def _number(value: Any) -> float | None:
    found = as_json(value)
    try:
        return None if isinstance(found, bool) or found is None else float(found)
    except (TypeError, ValueError, OverflowError):
        return None


def _boolean(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _time(value: Any) -> str | None:
    if isinstance(value, datetime):
        return str(as_json(value))
    return f"{value.isoformat()}T00:00:00Z" if isinstance(value, date) else None


CASTS: Mapping[ColumnKind, Callable[[Any], Any]] = {
    "text": _text,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "time": _time,
}
