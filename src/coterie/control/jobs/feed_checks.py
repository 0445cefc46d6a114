"""Whether Braze can take the events or purchases that a job would send."""

import re

from coterie.control.jobs.errors import BadJobError
from coterie.model.feeds import ExportEventsConfig, ExportPurchasesConfig, FeedConfig

# Braze: names up to 255 characters. The other limits are our own.
NAME_LIMIT = 255
PROPERTIES_LIMIT = 250
CHOICES_LIMIT = 250
RESERVED = frozenset({"time", "event_name"})
RESERVED_OF_PURCHASES = RESERVED | {"product_id", "quantity", "price", "currency"}
CURRENCY_FORM = re.compile(r"[A-Z]{3}")


def check_feed(config: FeedConfig) -> None:
    """Raise BadJobError unless what would be sent has names that Braze takes."""
    if not config.streams and not config.events:
        raise BadJobError("Choose which events are sent: streams, names of events, or both.")
    if config.existing_users:
        raise BadJobError(
            message=f"Only {config.form} that arrive after the start are sent, so existing_users "
            "has no meaning here. Leave it out."
        )
    for chosen in (config.streams, config.events):
        if len(chosen) > CHOICES_LIMIT or not all(name.strip() for name in chosen):
            raise BadJobError(
                message=f"Name at most {CHOICES_LIMIT} streams and {CHOICES_LIMIT} events, none of "
                "them empty."
            )
    _check_properties(config)
    if isinstance(config, ExportEventsConfig):
        if len(config.event_name) > NAME_LIMIT:
            raise BadJobError(
                message=f"The name of an event has at most {NAME_LIMIT} characters in Braze."
            )
    elif isinstance(config, ExportPurchasesConfig):
        _check_purchase(config)


def _check_properties(config: FeedConfig) -> None:
    if len(config.properties) > PROPERTIES_LIMIT:
        raise BadJobError(message=f"A job sends at most {PROPERTIES_LIMIT} properties.")
    reserved = RESERVED_OF_PURCHASES if config.form == "purchases" else RESERVED
    for name, key in config.properties.items():
        if not name.strip() or len(name) > NAME_LIMIT or name.startswith("$"):
            raise BadJobError(
                message=f"{name!r} is no name of a property: 1 to {NAME_LIMIT} characters that do "
                "not start with a dollar sign."
            )
        if name in reserved:
            raise BadJobError(
                message=f"{name!r} means something of its own in Braze. Choose another name."
            )
        if not key.strip():
            raise BadJobError(message=f"Name the key of the event that becomes {name!r}.")


def _check_purchase(config: ExportPurchasesConfig) -> None:
    if not config.product_key.strip() or not config.price_key.strip():
        raise BadJobError("Name the keys of the event that hold the product and the price.")
    if not config.currency_key.strip() and not config.currency:
        raise BadJobError("Name the key of the event that holds the currency, or the currency.")
    if config.currency and CURRENCY_FORM.fullmatch(config.currency) is None:
        raise BadJobError(
            message=f"{config.currency!r} is no currency. Write its three letters, such as EUR."
        )
