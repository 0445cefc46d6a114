"""What travels between the outbox and the senders.

An **item** is what a recipient should hold at a destination: a key and a value. What keys and
values mean is the destination's form (`Form`); outbox, sender and ledger treat them all alike.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal

import msgspec

from coterie.model.exports import CohortName
from coterie.model.webhooks import WebhookSpec

Form = Literal[
    "array", "booleans", "attributes", "subscription_groups", "cohorts", "deletion",
    "events", "purchases", "webhook",
]  # fmt: skip
"""What a destination writes for a recipient, and what its items are:

- `array`: one array attribute (`destination.attribute`); a key is an element, its value true.
- `booleans`: a boolean attribute an item, named by its key; an item that goes becomes false, or is
  deleted if no job stands for it any more.
- `attributes`: an attribute an item, standard or custom, named by its key; any JSON value, nested
  objects are merged; an item that goes is deleted at the destination.
- `subscription_groups`: a key is a group's id, its value "subscribed" or "unsubscribed"; an item
  that goes leaves the group as it is.
- `cohorts`: a key is a cohort that holds the user, its value true; a request concerns one cohort.
- `webhook`: audiences that hold the person and values of fields (`model.webhooks`); what differs
  becomes a message.
- `deletion`: the one item `deleted`: true has the user deleted there.
- `events`, `purchases`: queues (`QueueItem`), whose bodies are sent once, in order.
"""

FORM_NAMES: Mapping[Form, str] = MappingProxyType(
    {
        "array": "Array attribute",
        "booleans": "Attribute an audience",
        "attributes": "Attributes",
        "subscription_groups": "Subscription groups",
        "cohorts": "Cohorts",
        "deletion": "Deletions",
        "events": "Events",
        "purchases": "Purchases",
        "webhook": "Webhook",
    }
)
"""What people call the forms."""

QUEUE_FORMS: frozenset[Form] = frozenset({"events", "purchases"})
"""Forms whose items are queued one by one, because telling them twice counts twice."""

CALM_SECONDS = 300.0
"""How long before and after the deletion of a user nothing else may be sent of them.

Braze works on a deletion for up to five minutes (docs of users/delete).
"""

Repeats = Literal["at_most_once", "at_least_once"]
DeliveryState = Literal["running", "paused", "killed"]

Json = Any
Items = dict[str, Json]
"""Items by key."""


class Told(msgspec.Struct, frozen=True, array_like=True):
    """What was last told of an item: the value, when (ms since 1970), by which request.

    In doubt it is what was sent and never answered; value None there: that the item goes.
    """

    value: Json
    at_ms: int
    request: int


class OutboxRow(msgspec.Struct, frozen=True, kw_only=True):
    """One user at a destination: what it shall hold, what it acknowledged, what is uncertain.

    `version` rises with every new wish, `told_version` is the one that was told last, negative
    where nothing was ever told; `attempts` counts failures since the last answer. `uncertain` are
    keys that requests without an answer carried which are dead by now: they are told once more,
    whatever the ledger says.
    """

    destination: int
    recipient: str
    wanted: Items
    told: dict[str, Told]
    in_doubt: dict[str, Told]
    version: int
    attempts: int
    told_version: int = 0
    uncertain: tuple[str, ...] = ()


class QueueItem(msgspec.Struct, frozen=True, kw_only=True):
    """An event or a purchase on its way; `body` is the destination's object without its user."""

    destination: int
    id: int
    recipient: str
    body: Json
    attempts: int


class NewQueueItem(msgspec.Struct, frozen=True, kw_only=True):
    """An event or a purchase to queue; `origin` is unique within the destination."""

    recipient: str
    origin: str
    body: Json


class Difference(msgspec.Struct, frozen=True):
    """Items to put and keys to drop at a destination, each in rising order of keys.

    `is_held`: items of paused jobs differ too, and are kept back. `again` are keys of either kind
    that the ledger agrees on already; `left` are keys that stay uncertain, as they are held.
    `has_more`: it is a part, and the rest stays due.
    """

    put: Items
    drop: tuple[str, ...]
    is_held: bool = False
    again: frozenset[str] = frozenset()
    left: tuple[str, ...] = ()
    has_more: bool = False

    @property
    def is_empty(self) -> bool:
        """Answer whether there is nothing to send."""
        return not self.put and not self.drop

    @property
    def keys(self) -> tuple[str, ...]:
        """All keys that it concerns."""
        return (*self.put, *self.drop)


class Shipment(msgspec.Struct, frozen=True):
    """A row as it was read, with the difference that is sent for it."""

    row: OutboxRow
    difference: Difference


Load = Shipment | QueueItem
"""What one object of a request carries."""


class Acknowledged(msgspec.Struct, frozen=True):
    """The destination took it (or there was nothing to send)."""


class Refused(msgspec.Struct, frozen=True):
    """The destination will never take this; `record` is the payload and the answer as JSON."""

    reason: str
    record: str


class Postponed(msgspec.Struct, frozen=True):
    """It is sent again after `seconds`.

    `is_doubtful`: nobody knows whether the destination took it. Waiting for a rate limit is no
    failure, and does not count as one.
    """

    seconds: float
    answer: str
    is_doubtful: bool = True
    is_failure: bool = True


Verdict = Acknowledged | Refused | Postponed


class Settlement(msgspec.Struct, frozen=True):
    """What came of one load."""

    load: Load
    verdict: Verdict


class DestinationPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A destination as its sender needs it.

    `held` are keys that only paused jobs stand for: they are left as they are. `kept` are never
    taken away. `standing` are all keys that jobs stand for; others go for good. `existing_only`:
    users that the destination does not know are not created. `jobs` are the active jobs that share
    the destination. `restarts` counts how often a person had the delivery begin anew.
    `webhook` says what a webhook job tells, `cohorts` how cohorts are called. `is_rechecking`:
    nothing leaves until people were asked for a consent that a job asks for since lately.
    """

    id: int
    account: int
    authorization_id: int
    form: Form
    attribute: str
    held: frozenset[str]
    jobs: tuple[int, ...]
    kept: frozenset[str] = frozenset()
    standing: frozenset[str] = frozenset()
    existing_only: bool = False
    repeats: Repeats = "at_most_once"
    delivery: DeliveryState = "running"
    restarts: int = 0
    webhook: WebhookSpec | None = None
    cohorts: dict[str, CohortName] = {}
    is_rechecking: bool = False

    @property
    def delivers(self) -> bool:
        """Answer whether something may leave for it."""
        return self.delivery == "running" and not self.is_rechecking


class DeliveryCount(msgspec.Struct, frozen=True, kw_only=True):
    """What was done at one destination; a data point is an attribute, event or purchase written.

    `taken` counts the users, events, purchases or messages that the destination took. `told_again`
    are users who were told once more because a request had no answer.
    """

    added: int = 0
    removed: int = 0
    refused: int = 0
    requests: int = 0
    data_points: int = 0
    data_points_saved: int = 0
    doubtful: int = 0
    told_again: int = 0
    taken: int = 0

    def __add__(self, other: "DeliveryCount") -> "DeliveryCount":
        """Return both together."""
        return DeliveryCount(
            **{name: getattr(self, name) + getattr(other, name) for name in self.__struct_fields__}
        )


class Crowded(msgspec.Struct, frozen=True, kw_only=True):
    """How many users of a destination shall hold more than `limit` items, which is all it keeps."""

    destination: int
    users: int
    limit: int


class ParkedRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a destination refused for good, until someone replays it."""

    recipient: str
    reason: str
    record: str
    at: datetime | None
