"""The options that only jobs of events and purchases have, as commands take them."""

from typing import Annotated

import typer

from coterie.cli.choices import Choices, empty_if_none, without_none
from coterie.cli.entries import read_entries
from coterie.model.delivery import Repeats

EventName = Annotated[
    str | None,
    typer.Option(help="What all of them are called in Braze; unless said, as they are here."),
]


def read_feed(
    *,
    stream: Annotated[
        list[str] | None,
        typer.Option("--stream", help="Only events of this stream are sent. Repeatable."),
    ] = None,
    event: Annotated[
        list[str] | None,
        typer.Option("--event", help="Only events of this name are sent. Repeatable."),
    ] = None,
    properties: Annotated[
        list[str] | None,
        typer.Option(
            "--property",
            help="key, or name=key: a key of the event as a property in Braze; dots reach into "
            "objects. Repeatable.",
        ),
    ] = None,
    repeats: Annotated[
        Repeats | None,
        typer.Option(help="Whether an event or purchase without an answer is sent again."),
    ] = None,
) -> Choices:
    """Return the options that were given; raise BadEntryError."""
    found = Choices()
    found.put("streams", without_none(stream))
    found.put("events", without_none(event))
    chosen = without_none(properties)
    found.put("properties", None if chosen is None else read_properties(chosen))
    found.put("repeats", repeats)
    return found


def read_purchase(
    *,
    product_key: Annotated[
        str | None, typer.Option(help="The key of the event that holds the product's id.")
    ] = None,
    price_key: Annotated[
        str | None, typer.Option(help="The key of the event that holds the price of one.")
    ] = None,
    quantity_key: Annotated[
        str | None, typer.Option(help="The key that holds how many, 1 where there is none.")
    ] = None,
    currency_key: Annotated[
        str | None, typer.Option(help="The key that holds the currency's three letters.")
    ] = None,
    currency: Annotated[
        str | None, typer.Option(help="The currency of events that say none, such as EUR.")
    ] = None,
) -> Choices:
    """Return the options that were given."""
    found = Choices()
    found.put("product_key", product_key)
    found.put("price_key", price_key)
    found.put("quantity_key", empty_if_none(quantity_key))
    found.put("currency_key", empty_if_none(currency_key))
    found.put("currency", empty_if_none(currency))
    return found


def read_properties(entries: list[str]) -> dict[str, str]:
    """Return the key of the event by name of the property; raise BadEntryError."""
    return read_entries([entry if "=" in entry else f"{entry}={entry}" for entry in entries])
