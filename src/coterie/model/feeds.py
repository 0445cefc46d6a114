"""What jobs say that send people's events on: which events, under which name, with what of them."""

from typing import Literal

import msgspec

from coterie.model.delivery import Repeats
from coterie.model.exports import ExportConfig, ExportForm

FeedForm = Literal["events", "purchases"]


class FeedSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What the worker is told of a job that sends events on.

    An event is chosen by its stream and its name; an empty set chooses all. `keys` says where the
    parts of a purchase stand in an event, by part. `needs_member`: only events of members of the
    job's audiences are sent, also when none of these is left.
    """

    form: FeedForm
    streams: frozenset[str]
    events: frozenset[str]
    properties: dict[str, str]
    needs_member: bool
    name: str = ""
    currency: str = ""
    keys: dict[str, str] = {}


class FeedConfig(ExportConfig, frozen=True, kw_only=True, tag="feed"):
    """What jobs that send events on have in common.

    `properties` maps the name of a property in Braze to the key of the event. `outlet` keeps the
    deliveries of a job apart from those of others, and is given by us. `repeats` says whether what
    had no answer is sent again, and may then count twice.
    """

    audiences: tuple[str, ...] = ()
    existing_users: bool = False
    streams: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    properties: dict[str, str] = {}
    repeats: Repeats = "at_most_once"
    outlet: str = ""

    @property
    def form(self) -> FeedForm:
        """What the events become."""
        return "events"

    @property
    def keys(self) -> frozenset[str]:
        """What the job stands for at its destination: all that waits there."""
        return frozenset({self.form})

    @property
    def target(self) -> tuple[ExportForm, str]:
        """A destination of its own, so that pausing a job holds back nothing of another."""
        return self.form, self.outlet

    @property
    def spec(self) -> FeedSpec:
        """What the worker is told."""
        return FeedSpec(
            form=self.form,
            streams=frozenset(self.streams),
            events=frozenset(self.events),
            properties=self.properties,
            needs_member=bool(self.audiences),
        )


class ExportEventsConfig(FeedConfig, frozen=True, kw_only=True, tag="export_events"):
    """Options of an Export Events job: events of people as custom events of Braze users.

    `event_name` is what all of them are called there; without it each keeps its own name.
    """

    event_name: str = ""

    @property
    def spec(self) -> FeedSpec:
        """What the worker is told."""
        return msgspec.structs.replace(super().spec, name=self.event_name)


class ExportPurchasesConfig(FeedConfig, frozen=True, kw_only=True, tag="export_purchases"):
    """Options of an Export Purchases job: events of people as purchases of Braze users.

    Each `…_key` names the key of the event that holds a part of the purchase; `currency` is that of
    events that say none.
    """

    product_key: str = "product_id"
    price_key: str = "price"
    quantity_key: str = ""
    currency_key: str = ""
    currency: str = ""

    @property
    def form(self) -> FeedForm:
        """What the events become."""
        return "purchases"

    @property
    def spec(self) -> FeedSpec:
        """What the worker is told."""
        keys = {
            "product_id": self.product_key,
            "price": self.price_key,
            "quantity": self.quantity_key,
            "currency": self.currency_key,
        }
        return msgspec.structs.replace(super().spec, keys=keys, currency=self.currency)
