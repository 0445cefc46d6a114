"""What travels between the outbox and the senders."""

from datetime import datetime

import msgspec


class OutboxRow(msgspec.Struct, frozen=True, kw_only=True):
    """One user at a destination: what it shall hold, what it acknowledged, what is uncertain.

    `version` rises with every new wish; `attempts` counts failures since the last answer.
    """

    destination: int
    recipient: str
    wanted: frozenset[str]
    told: frozenset[str]
    in_doubt: frozenset[str]
    version: int
    attempts: int


class Difference(msgspec.Struct, frozen=True):
    """Values to add at and to remove from a destination, each in rising order."""

    add: tuple[str, ...]
    remove: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """Answer whether there is nothing to send."""
        return not self.add and not self.remove


class Shipment(msgspec.Struct, frozen=True):
    """A row as it was read, with the difference that is sent for it."""

    row: OutboxRow
    difference: Difference


class Acknowledged(msgspec.Struct, frozen=True):
    """The destination took the difference (or there was none to send)."""


class Refused(msgspec.Struct, frozen=True):
    """The destination will never take this; `record` is the payload and the answer as JSON."""

    reason: str
    record: str


class Postponed(msgspec.Struct, frozen=True):
    """Nobody knows whether the destination took it; it is sent again from `not_before` on.

    Waiting for a rate limit is no failure, and does not count as one.
    """

    not_before: datetime
    answer: str
    is_failure: bool = True


Verdict = Acknowledged | Refused | Postponed


class Settlement(msgspec.Struct, frozen=True):
    """What came of one shipment."""

    shipment: Shipment
    verdict: Verdict


class DestinationPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A destination as its sender needs it.

    `held` are values that only paused jobs stand for: they are kept back, all others go.
    `jobs` are the active jobs that share the destination.
    """

    id: int
    account: int
    authorization_id: int
    attribute: str
    held: frozenset[str]
    jobs: tuple[int, ...]


class DeliveryCount(msgspec.Struct, frozen=True, kw_only=True):
    """What was done at one destination."""

    added: int = 0
    removed: int = 0
    refused: int = 0
    requests: int = 0


class ParkedRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a destination refused for good, until someone replays it."""

    recipient: str
    reason: str
    record: str
    at: datetime | None
