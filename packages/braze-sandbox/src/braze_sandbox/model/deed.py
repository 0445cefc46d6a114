"""What a user did, as it is stored."""

from datetime import datetime

import msgspec

from braze_sandbox.model.profile import Value


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One custom event."""

    braze_id: str
    name: str
    time: datetime
    app_id: str | None = None
    properties: dict[str, Value] = {}


class Purchase(msgspec.Struct, frozen=True, kw_only=True):
    """One purchase of `quantity` pieces at `price` each."""

    braze_id: str
    product_id: str
    time: datetime
    currency: str
    price: float
    quantity: int = 1
    app_id: str | None = None
    properties: dict[str, Value] = {}
