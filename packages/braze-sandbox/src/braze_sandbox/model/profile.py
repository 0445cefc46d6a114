"""A user as the sandbox keeps it."""

from datetime import datetime
from decimal import Decimal
from typing import Any, TypeAlias

import msgspec

# What JSON can hold. Attribute values are the only place where it stays untyped: their type is
# whatever the customer's first write made it.
Value: TypeAlias = Any


class Alias(msgspec.Struct, frozen=True, array_like=True):
    """A second name of a user, unique within its label."""

    label: str
    name: str


class Tally(msgspec.Struct, frozen=True, array_like=True):
    """How often a user did one thing, with the first and the last time."""

    first: datetime
    last: datetime
    count: int


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """That a user received a campaign or a Canvas, and when last."""

    name: str
    variation_name: str
    variation_id: str
    last_received: datetime | None = None
    last_entered: datetime | None = None
    steps: dict[str, tuple[str, datetime]] = {}


class Profile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One user of a workspace.

    `number` counts the profiles of a workspace in order of creation. `fields` holds standard
    profile fields, `custom` custom attributes, `stamps` when a subscription field changed last to
    a value (`email_subscribe.unsubscribed`), `deprecated_ids` the external_ids it had before they
    were renamed, which still find it, `cohorts` the partners' cohorts it is in (`partner/id`),
    `campaigns` and `canvases` what it received. The dicts are never changed in place.
    """

    number: int
    braze_id: str
    random_bucket: int
    created_at: datetime
    updated_at: datetime
    external_id: str | None = None
    deprecated_ids: tuple[str, ...] = ()
    aliases: tuple[Alias, ...] = ()
    fields: dict[str, Value] = {}
    custom: dict[str, Value] = {}
    groups: dict[str, str] = {}
    stamps: dict[str, datetime] = {}
    events: dict[str, Tally] = {}
    purchases: dict[str, Tally] = {}
    revenue: Decimal = Decimal(0)
    cohorts: tuple[str, ...] = ()
    campaigns: dict[str, Receipt] = {}
    canvases: dict[str, Receipt] = {}

    def external_ids(self) -> tuple[str, ...]:
        """Return all external_ids that find this user, the one in force first."""
        if self.external_id is None:
            return self.deprecated_ids
        return (self.external_id, *self.deprecated_ids)
