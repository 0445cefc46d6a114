"""Events with purchases: what is refused, what is stored."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from braze_sandbox.bodies import is_deeper
from braze_sandbox.model.deed import Event, Purchase
from braze_sandbox.model.profile import Profile, Tally
from braze_sandbox.settings import Settings
from braze_sandbox.times import parse_time
from braze_sandbox.track import problems
from braze_sandbox.track.codes import CURRENCIES
from braze_sandbox.track.problems import Problem
from braze_sandbox.track.writing import Writing

# Ours, as for nested attributes: what is kept has to be read again.
_DEEPEST = 100
_RESERVED_EVENT_PROPERTIES = {"time", "event_name"}


def find_event_problem(item: dict[str, Any], settings: Settings) -> Problem | None:
    """Return why an event object is refused, None if it is accepted."""
    name = item.get("name")
    if name in (None, ""):
        return problems.field_required("name")
    if not isinstance(name, str):
        return problems.field_invalid("name")
    properties = item.get("properties")
    if isinstance(properties, dict) and properties.keys() & _RESERVED_EVENT_PROPERTIES:
        return problems.field_invalid("properties")
    return _find_time_problem(item) or _find_properties_problem(
        properties, settings.event_properties_bytes, settings
    )


def find_purchase_problem(item: dict[str, Any], settings: Settings) -> Problem | None:
    """Return why a purchase object is refused, None if it is accepted."""
    for field in ("product_id", "currency", "price"):
        if item.get(field) in (None, ""):
            return problems.field_required(field)
    product = item["product_id"]
    if isinstance(product, bool) or not isinstance(product, str | int):
        return problems.field_invalid("product_id")
    if len(str(product)) > settings.string_characters:
        return problems.field_invalid("product_id")
    if not (isinstance(item["currency"], str) and item["currency"] in CURRENCIES):
        return problems.field_invalid("currency")
    if not _is_number(item["price"]):
        return problems.field_invalid("price")
    quantity = item.get("quantity", 1)
    if isinstance(quantity, bool) or not isinstance(quantity, int):
        return problems.field_invalid("quantity")
    if not 1 <= quantity <= settings.purchase_quantity:
        return problems.field_invalid("quantity")
    return _find_time_problem(item) or _find_properties_problem(
        item.get("properties"), settings.purchase_properties_bytes, settings
    )


def apply_event(profile: Profile, item: dict[str, Any], writing: Writing) -> Profile:
    """Store one event; return the user with its tally."""
    event = Event(
        braze_id=profile.braze_id,
        name=item["name"],
        time=_deed_time(item, writing),
        app_id=item.get("app_id"),
        properties=item.get("properties") or {},
    )
    writing.record(event)
    writing.charge("event", event.name)
    tallies = profile.events
    tally = _count(tallies.get(event.name), event.time, 1)
    return msgspec.structs.replace(
        profile, events={**tallies, event.name: tally}, updated_at=writing.now
    )


def apply_purchase(profile: Profile, item: dict[str, Any], writing: Writing) -> Profile:
    """Store one purchase object; return the user with its tally and revenue.

    The quantity counts as that many purchases. Revenue is summed without converting currencies. A
    product beyond the workspace's limit is dropped.
    """
    known, product = writing.workspace.product_ids, str(item["product_id"])
    if product not in known and len(known) >= writing.settings.product_ids:
        reason = f"the workspace holds {len(known)} product ids already"
        writing.drop(profile.external_id or profile.braze_id, product, reason)
        return profile
    purchase = Purchase(
        braze_id=profile.braze_id,
        product_id=product,
        time=_deed_time(item, writing),
        currency=item["currency"],
        price=item["price"],
        quantity=item.get("quantity", 1),
        app_id=item.get("app_id"),
        properties=item.get("properties") or {},
    )
    writing.record(purchase)
    writing.charge("purchase", purchase.product_id, purchase.quantity)
    tallies = profile.purchases
    tally = _count(tallies.get(purchase.product_id), purchase.time, purchase.quantity)
    return msgspec.structs.replace(
        profile,
        purchases={**tallies, purchase.product_id: tally},
        revenue=profile.revenue + Decimal(str(purchase.price)) * purchase.quantity,
        updated_at=writing.now,
    )


def _deed_time(item: dict[str, Any], writing: Writing) -> datetime:
    # A time in the future becomes the present (braze-docs, event object).
    return min(parse_time(item["time"]) or writing.now, writing.now)


def _count(tally: Tally | None, time: datetime, times: int) -> Tally:
    if tally is None:
        return Tally(time, time, times)
    return Tally(min(tally.first, time), max(tally.last, time), tally.count + times)


def _find_time_problem(item: dict[str, Any]) -> Problem | None:
    time = item.get("time")
    if time in (None, ""):
        return problems.field_required("time")
    if not isinstance(time, str) or parse_time(time) is None:
        return problems.field_invalid("time")
    return None


def _find_properties_problem(properties: Any, limit: int, settings: Settings) -> Problem | None:
    if properties is None:
        return None
    if not isinstance(properties, dict):
        return problems.field_invalid("properties")
    if is_deeper(properties, _DEEPEST):
        return problems.field_invalid("properties")
    for key in properties:
        if not key or key.startswith("$") or len(key) > settings.string_characters:
            return problems.field_invalid("properties")
    if properties and len(msgspec.json.encode(properties)) > limit:
        return problems.field_invalid("properties")
    return None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
