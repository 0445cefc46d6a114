"""What a sender asks of a connector: any system that takes what users there shall hold."""

from collections.abc import Hashable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

import msgspec

from coterie.base.errors import TransientError, UserError
from coterie.model.delivery import DestinationPlan, Load

Object = dict[str, Any]
"""What a request says of one load, as JSON."""

# A minute for whatever stands between here and a destination, and half of one that a sender which
# lost its hold may still wait for its answer (decision 0041).
LIFE_SECONDS = 90.0


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Where the objects of a destination go.

    Requests of one `lane` share a rate limit and fail together. A request takes `most` objects, and
    leaves `flush_seconds` after the first of them was due even if it is not full (None: as the
    settings say). A request that had no answer may be worked for `life_seconds` after it was given
    up. `array` names their list in the body, where it has a name. With `one_item` a request
    concerns one item of its users, so who has more to be told of stands in several.
    """

    lane: str
    most: int
    array: str = ""
    one_item: bool = False
    flush_seconds: float | None = None
    life_seconds: float = LIFE_SECONDS


class RateLimit(msgspec.Struct, frozen=True, kw_only=True):
    """How many more requests of `limit` the destination takes within the next `reset_seconds`."""

    limit: int
    remaining: int
    reset_seconds: float


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came of each object: `refused` gives a reason by index, the rest is taken."""

    status: int
    refused: dict[int, str]
    text: str
    limit: RateLimit | None = None


class RefusedError(UserError):
    """A destination refused a whole request; with `is_divisible` some of it may be taken alone."""

    code = "destination_refused"

    def __init__(
        self, message: str, *, status: int | None, answer: str, is_divisible: bool = True
    ) -> None:
        super().__init__(message)
        self.status = status
        self.answer = answer
        self.is_divisible = is_divisible


class BusyError(TransientError):
    """A destination says that too many requests came."""

    code = "destination_busy"

    def __init__(self, message: str, *, retry_after: float | None) -> None:
        super().__init__(message, retry_after=retry_after)


class UnavailableError(TransientError):
    """A destination did not answer, or answered that it cannot work now.

    `may_have_worked`: the request reached something, so that its work may be done all the same.
    """

    code = "destination_unavailable"

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        may_have_worked: bool = True,
        status: int | None = None,
    ) -> None:
        super().__init__(message, retry_after=retry_after)
        self.may_have_worked = may_have_worked
        self.status = status


class Forms(Protocol):
    """How what a user should hold becomes objects of requests; pure."""

    def target(self, plan: DestinationPlan) -> Target:
        """Return where the objects of a destination go."""
        ...

    def make_object(self, plan: DestinationPlan, load: Load) -> Object | None:
        """Return what tells of a load, None if there is nothing to tell."""
        ...

    def company(self, plan: DestinationPlan, made: Object) -> Hashable:
        """Return what objects must have in common to share a request."""
        ...

    def told(self, plan: DestinationPlan, load: Load) -> tuple[int, int]:
        """Return how many items of a load are put there, and how many taken away."""
        ...

    def data_points(self, plan: DestinationPlan, load: Load) -> int:
        """Return what the destination bills for a load."""
        ...

    def sample(self, plan: DestinationPlan, made: Object) -> Any:
        """Return the body of a request that holds one object, to be shown."""
        ...


class Connector(Forms, AbstractAsyncContextManager[Any], Protocol):
    """An open way to one destination system, with one authorization."""

    @property
    def parallel(self) -> int | None:
        """How many requests a lane may have under way at most; None: as the settings say."""
        ...

    async def send(
        self, plan: DestinationPlan, target: Target, objects: Sequence[Object]
    ) -> Answer:
        """Send one request; return the fate of each object.

        Raises `RefusedError`, `BusyError`, `UnavailableError`, or a `PermanentError` that concerns
        all requests.
        """
        ...
