"""What people are shown of deliveries: figures, what a destination holds of a user, requests."""

from datetime import datetime
from typing import Literal

import msgspec

from coterie.model.delivery import FORM_NAMES, DeliveryState, Form, Json, Repeats

OF_ONE_JOB: frozenset[Form] = frozenset({"events", "purchases", "webhook"})
"""Forms of which each job has a delivery of its own; its attribute is a code that only we read."""


def name_delivery(form: Form, attribute: str, *, destination: int) -> str:
    """Return what people call a delivery."""
    name = FORM_NAMES[form]
    if form in OF_ONE_JOB:
        return f"{name} number {destination}"
    return f"{name} {attribute}" if form == "array" else name


class DeliveryView(msgspec.Struct, frozen=True, kw_only=True):
    """How the delivery to one destination goes.

    `waiting` counts users, events and purchases that have yet to go; `waiting_since` is when the
    first of them came. `held` counts users beside them of whom something is held back, because its
    job is paused, quiet or over. `per_second` is the rate of the last minute, and `seconds_left`
    what it means for all that waits (None: nothing goes, or it may not). `data_points` were spent;
    `data_points_saved` are changes that never had to be sent, because they cancelled out or told
    nothing new. `doubtful` are events and purchases that were never answered. `uncertain` users
    were in a request without an answer and are told again once it can no longer be worked;
    `told_again` counts those who were. `last_error` says its cure. `jobs` are the labels of the
    jobs that it works for.
    """

    id: int
    authorization_id: int
    authorization: str
    form: Form
    attribute: str
    delivery: DeliveryState
    repeats: Repeats
    added: int
    removed: int
    omitted: int
    refused: int
    requests: int
    data_points: int
    data_points_saved: int
    waiting: int
    waiting_since: datetime | None
    held: int
    parked: int
    doubtful: int
    uncertain: int
    told_again: int
    per_second: float
    last_success_at: datetime | None
    last_error: str | None
    last_error_at: datetime | None
    jobs: tuple[str, ...]

    @property
    def writes(self) -> str:
        """What it writes, and for which jobs where these have it for themselves."""
        if self.form in OF_ONE_JOB and self.jobs:
            return f"{FORM_NAMES[self.form]} of {', '.join(self.jobs)}"
        return name_delivery(self.form, self.attribute, destination=self.id)

    @property
    def is_in_trouble(self) -> bool:
        """Whether it failed after it last went well."""
        if self.last_error_at is None:
            return False
        return self.last_success_at is None or self.last_error_at > self.last_success_at

    @property
    def seconds_left(self) -> float | None:
        """How long what waits will take at the rate of the last minute."""
        if not self.waiting:
            return 0.0
        if self.delivery != "running" or not self.per_second:
            return None
        return self.waiting / self.per_second


class HeldItem(msgspec.Struct, frozen=True, kw_only=True):
    """One item of the ledger: what a destination was told of a user, when, by which request.

    `answer` is what it answered; None once the request is forgotten. `is_doubtful`: the request was
    never answered, so that the destination may hold this or what it held before.
    """

    key: str
    value: Json
    told_at: datetime | None
    request: int | None
    status: int | None
    answer: str | None
    is_doubtful: bool


HeldState = Literal["told", "waiting", "doubtful", "refused", "kept"]


class HeldLine(msgspec.Struct, frozen=True, kw_only=True):
    """One item as people read it: what was told of it last, and what becomes of that.

    `told` None: never, or it was taken away. `change`: what it shall become, where that differs
    from what was told; `kept` is what differs and is not sent, because its job is paused, quiet or
    over.
    """

    key: str
    told: HeldItem | None
    state: HeldState
    change: Literal["", "add", "change", "remove"]
    wanted: Json = None


class Holding(msgspec.Struct, frozen=True, kw_only=True):
    """What a destination holds of a user, as far as we told it, and what it should hold.

    Of events and purchases `queued` counts those of the user by their state, of which the last was
    settled at `queued_last`.
    """

    destination: int
    form: Form
    attribute: str
    recipient: str
    wanted: dict[str, Json]
    items: tuple[HeldItem, ...]
    is_waiting: bool
    refusal: str | None
    queued: dict[str, int] = {}
    queued_last: datetime | None = None

    @property
    def lines(self) -> tuple[HeldLine, ...]:
        """Each item once, with what was told, or may have been, and what is to become of it."""
        certain = {item.key: item for item in self.items if not item.is_doubtful}
        doubtful = {item.key: item for item in self.items if item.is_doubtful}
        keys = sorted({*certain, *doubtful, *self.wanted})
        return tuple(self._line(key, certain.get(key), doubtful.get(key)) for key in keys)

    def _line(self, key: str, told: HeldItem | None, doubt: HeldItem | None) -> HeldLine:
        wanted = self.wanted.get(key)
        change: Literal["", "add", "change", "remove"] = ""
        if key not in self.wanted:
            change = "remove"
        elif told is None:
            change = "add"
        elif told.value != wanted:
            change = "change"
        state: HeldState = "told"
        if doubt is not None:
            state = "doubtful"
        elif change:
            state = "refused" if self.refusal else "waiting" if self.is_waiting else "kept"
        return HeldLine(key=key, told=doubt or told, state=state, change=change, wanted=wanted)

    @property
    def writes(self) -> str:
        """What the destination holds."""
        return name_delivery(self.form, self.attribute, destination=self.destination)


class RequestView(msgspec.Struct, frozen=True, kw_only=True):
    """One request to a destination; `outcome` is None as long as it is under way."""

    id: int
    destination: int
    opened_at: datetime
    closed_at: datetime | None
    objects: int
    outcome: str | None
    status: int | None
    answer: str | None
    refused: int


class SetAside(msgspec.Struct, frozen=True, kw_only=True):
    """What waits for a person: a refused user, or a refused or doubtful event or purchase.

    `id` is the number of an event or purchase, 0 for a user.
    """

    id: int
    recipient: str
    state: str
    reason: str
    record: str
    at: datetime | None
