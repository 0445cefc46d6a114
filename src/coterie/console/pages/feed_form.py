"""What the inputs of the form mean by which people's events are sent on, and how jobs fill them."""

from collections.abc import Mapping
from typing import Any

from coterie.console.forms import Form
from coterie.control.jobs import BadJobError
from coterie.model.feeds import ExportEventsConfig, ExportPurchasesConfig, FeedConfig

FEEDS = ("export_events", "export_purchases")
USUAL_FEED: Mapping[str, str] = {"product_key": "product_id", "price_key": "price"}
REPEATS_NAMES = (
    ("at_most_once", "Not sent again, but listed as doubtful: none counts twice"),
    ("at_least_once", "Sent again until Braze answers: none is missing, some may count twice"),
)
PARTS = ("product_key", "price_key", "quantity_key", "currency_key", "currency")


def event_options(form: Form) -> dict[str, Any]:
    """Return the options of an event export alone. Raises BadJobError for a line that says none."""
    return {**_chosen(form), "event_name": form.text("event_name")}


def purchase_options(form: Form) -> dict[str, Any]:
    """Return the options of a purchase export alone. Raises BadJobError as `event_options` does."""
    return {**_chosen(form), **{name: form.text(name) for name in PARTS}}


def feed_values(config: FeedConfig) -> dict[str, Any]:
    """Return the values of the inputs that only such jobs have."""
    lines = [f"{name}={key}" for name, key in config.properties.items()]
    values: dict[str, Any] = {
        "streams": config.streams,
        "events": "\n".join(config.events),
        "properties": "\n".join(lines),
        "repeats": config.repeats,
    }
    if isinstance(config, ExportEventsConfig):
        values["event_name"] = config.event_name
    elif isinstance(config, ExportPurchasesConfig):
        values |= {name: getattr(config, name) for name in PARTS}
    return values


def _chosen(form: Form) -> dict[str, Any]:
    return {
        "streams": form.choices("streams"),
        "events": form.lines("events"),
        "properties": dict(_property(line) for line in form.lines("properties")),
        "repeats": form.text("repeats") or "at_most_once",
    }


def _property(line: str) -> tuple[str, str]:
    name, equals, key = line.partition("=")
    name, key = name.strip(), key.strip() if equals else name.strip()
    if not name or not key:
        raise BadJobError(
            message=f"{line[:100]!r} says no property. Write key, or name=key, on each line."
        )
    return name, key
