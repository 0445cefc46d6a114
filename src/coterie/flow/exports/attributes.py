"""Fields of a profile as attributes of a Braze user: types, formats, nesting."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from coterie.model.config import AttributeSpec
from coterie.model.delivery import Items
from coterie.model.exports import AttributeType

# Docs of the user attributes object: strings of custom attributes have at most 255 characters.
STRING_LIMIT = 255
GENDERS = {"male": "M", "female": "F", "m": "M", "f": "F", "other": "O", "o": "O",
           "not_applicable": "N", "n": "N", "prefer_not_to_say": "P", "p": "P"}  # fmt: skip


def attributes_of(view: Mapping[str, Any], specs: Sequence[AttributeSpec]) -> Items:
    """Return the attributes that have a value; paths with common beginnings nest."""
    found: Items = {}
    for spec in specs:
        value = as_attribute(view.get(spec.field), spec.path[0], spec.type)
        if value is None:
            continue
        place = found
        for name in spec.path[:-1]:
            place = place.setdefault(name, {})
        place[spec.path[-1]] = value
    return found


def as_attribute(value: Any, name: str, kind: AttributeType | None) -> Any:
    """Return a value as Braze takes it, None for none; `kind` None: as the value is.

    What cannot become of the asked type is no value.
    """
    if value is None or value in ("", [], {}):
        return None
    if name == "dob" and isinstance(value, date):
        return f"{value:%Y-%m-%d}"
    if name == "gender" and kind is None:
        return GENDERS.get(str(value).strip().casefold())
    if kind is None:
        return _natural(value)
    return _CASTS[kind](value)


def as_json(value: Any) -> Any:
    """Return a value as JSON has it, None for none."""
    return None if value is None else _natural(value, limit=None)


def _natural(value: Any, *, limit: int | None = STRING_LIMIT) -> Any:
    match value:
        case bool() | int() | float():
            return value
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case datetime():
            moment = value if value.tzinfo else value.replace(tzinfo=UTC)
            return moment.astimezone(UTC).isoformat(timespec="milliseconds")
        case date():
            return value.isoformat()
        case list() | tuple() | set() | frozenset():
            return [_natural(each, limit=limit) for each in value]
        case Mapping():
            return {str(key): _natural(each, limit=limit) for key, each in value.items()}
        case _:
            return str(value)[:limit]


def _one(value: Any) -> Any:
    """Return a set's newest member, else the value."""
    return value[0] if isinstance(value, list) and value else value


def _string(value: Any) -> str | None:
    natural = _natural(_one(value))
    return None if isinstance(natural, dict | list) else _as_text(natural)[:STRING_LIMIT]


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _number(value: Any) -> float | None:
    value = _one(value)
    if isinstance(value, bool | Mapping | date):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if abs(number) < float("inf") else None


def _integer(value: Any) -> int | None:
    number = _number(value)
    return None if number is None else int(number)


def _boolean(value: Any) -> bool | None:
    word = _as_text(_natural(_one(value))).strip().casefold()
    if word in ("true", "1", "yes", "1.0"):
        return True
    return False if word in ("false", "0", "no", "0.0") else None


def _time(value: Any) -> str | None:
    value = _one(value)
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    return _natural(value) if isinstance(value, date) else None


def _array(value: Any) -> list[str]:
    members = (
        value if isinstance(value, list) else list(value) if isinstance(value, dict) else [value]
    )
    return [text for each in members if (text := _string(each)) is not None]


def _object(value: Any) -> dict[str, Any] | None:
    natural = _natural(value)
    return natural if isinstance(natural, dict) else None


_CASTS = {
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "time": _time,
    "array": _array,
    "object": _object,
}
