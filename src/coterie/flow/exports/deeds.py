"""An event as Braze takes it: a custom event or purchases, without the user who did it."""

import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from coterie.lang.behaviour import name_of
from coterie.model.feeds import FeedForm, FeedSpec

Event = Mapping[str, Any]

# Docs of the event and purchase objects.
TEXT_LIMIT = 255
PROPERTIES_LIMIT: Mapping[FeedForm, int] = {"events": 100_000, "purchases": 50_000}
MOST_AT_ONCE = 100
# Braze stores a quantity as that many purchases, so more of them go in several objects. Who buys
# more than this at once is no customer, and would fill the queue by one event.
QUANTITY_LIMIT = 10_000
_CURRENCY = re.compile(r"[A-Z]{3}")


class Unfit(msgspec.Struct, frozen=True):
    """Why Braze would not take an event."""

    reason: str


def make_deeds(spec: FeedSpec, event: Event, at: datetime) -> tuple[dict[str, Any], ...] | Unfit:
    """Return what Braze is to be told of an event that happened at `at`, in objects of its size.

    A quantity above 100, which is all that one purchase holds, is divided among several.
    """
    head = (_event if spec.form == "events" else _purchase)(spec, event)
    if isinstance(head, Unfit):
        return head
    found = {name: find_value(event, key) for name, key in spec.properties.items()}
    properties = {name: _cut(value) for name, value in found.items() if value is not None}
    if len(msgspec.json.encode(properties)) > PROPERTIES_LIMIT[spec.form]:
        return Unfit("the properties of an event were larger than Braze takes them")
    body = {**head, "time": at.isoformat(timespec="milliseconds")}
    deed = {**body, "properties": properties} if properties else body
    if spec.form == "events":
        return (deed,)
    return tuple({**deed, "quantity": part} for part in _portions(deed["quantity"]))


def _portions(quantity: int) -> list[int]:
    full, rest = divmod(quantity, MOST_AT_ONCE)
    return [MOST_AT_ONCE] * full + [rest] * (rest > 0)


def find_value(event: Event, key: str) -> Any:
    """Return what an event holds under a key, or a path of keys with dots; None if nothing."""
    if key in event:
        return event[key]
    found: Any = event
    for part in key.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _event(spec: FeedSpec, event: Event) -> dict[str, Any] | Unfit:
    name = spec.name or name_of(event)
    if not name:
        return Unfit("an event had no name")
    if len(name) > TEXT_LIMIT:
        return Unfit(f"the name of an event had more than {TEXT_LIMIT} characters")
    return {"name": name}


def _purchase(spec: FeedSpec, event: Event) -> dict[str, Any] | Unfit:
    parts: dict[str, Any] = {}
    for name, (read, what) in _PARTS.items():
        key = spec.keys[name]
        said = find_value(event, key) if key else None
        if said is None:
            said = {"quantity": 1, "currency": spec.currency or None}.get(name)
        value = None if said is None else read(said)
        if value is None:
            return Unfit(f"an event had no {what} in {key!r}" if key else f"no {what} is given")
        parts[name] = value
    return parts


def _product(value: Any) -> str | None:
    if isinstance(value, bool | list | dict):
        return None
    text = str(value).strip()
    return text if 0 < len(text) <= TEXT_LIMIT else None


def _price(value: Any) -> float | None:
    if isinstance(value, bool | list | dict):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _quantity(value: Any) -> int | None:
    number = _price(value)
    if number is None or not number.is_integer() or not 1 <= number <= QUANTITY_LIMIT:
        return None
    return int(number)


def _currency(value: Any) -> str | None:
    text = str(value).strip().upper()
    return text if _CURRENCY.fullmatch(text) else None


_PARTS: Mapping[str, tuple[Callable[[Any], Any], str]] = {
    "product_id": (_product, f"product of 1 to {TEXT_LIMIT} characters"),
    "currency": (_currency, "currency of three letters"),
    "price": (_price, "price"),
    "quantity": (_quantity, f"whole quantity from 1 to {QUANTITY_LIMIT:,}"),
}


def _cut(value: Any) -> Any:
    """Return a value with its texts as long as Braze takes them, and keys that it takes."""
    match value:
        case str():
            return value[:TEXT_LIMIT]
        case list():
            return [_cut(each) for each in value]
        case dict():
            return {
                key[:TEXT_LIMIT]: _cut(each)
                for key, each in value.items()
                if key and not key.startswith("$")
            }
        case _:
            return value
