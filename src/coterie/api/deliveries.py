"""Deliveries to destinations: how they go, what they hold of a user, and what a person does."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from coterie.api.auth import actor_of, check_scope
from coterie.api.resources import PERSONAL_SCOPE, Success
from coterie.api.state import ApiState
from coterie.base.errors import UserError
from coterie.control.delivery_steps import UnknownDeliveryError
from coterie.flow.exports.parked import AsideState, Choice
from coterie.model.control import Actor, Grant
from coterie.model.delivery import DeliveryState, Repeats
from coterie.model.ledger import DeliveryView, Holding, RequestView, SetAside

STEP_SCOPE = "data_manager"
MOST_SHOWN = 1_000

Words = Annotated[str, msgspec.Meta(max_length=1_000)]
Chosen = Annotated[list[Words], msgspec.Meta(max_length=1_000)]


class UnknownRequestError(UserError):
    """No request to a destination has that number, or it is forgotten."""

    code = "unknown_request"

    def __init__(self, *, number: int) -> None:
        super().__init__(
            f"There is no request {number}. Requests are forgotten after some days "
            "(COTERIE_DELIVERY_KEEP_DAYS)."
        )


class HeldBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The user as the destination knows them: Braze's external id."""

    recipient: Words


class ChoiceBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which of what waits for a person; what is left out is not asked, `until` is exclusive."""

    ids: Annotated[list[int], msgspec.Meta(max_length=10_000)] | None = None
    recipients: Chosen | None = None
    states: tuple[AsideState, ...] = ("parked",)
    reason: Words | None = None
    since: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    until: Annotated[datetime, msgspec.Meta(tz=True)] | None = None

    def choice(self) -> Choice:
        """Return it as the data plane takes it."""
        return Choice(
            ids=None if self.ids is None else tuple(self.ids),
            recipients=None if self.recipients is None else tuple(self.recipients),
            states=self.states,
            reason=self.reason,
            since=self.since,
            until=self.until,
        )


class StepBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to do."""

    step: Literal["pause", "resume", "bounce", "kill", "release"]


class RepeatsBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What becomes of events and purchases that are never answered."""

    repeats: Repeats


class Counted(msgspec.Struct, frozen=True):
    """How many were chosen."""

    count: int


class State(msgspec.Struct, frozen=True):
    """How a delivery is now."""

    delivery: DeliveryState


@get("/api/deliveries", summary="All deliveries", tags=["deliveries"], sync_to_thread=True)
def list_deliveries(
    grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[Sequence[DeliveryView]]:
    """Return how the delivery to each destination goes."""
    return Success(api.dependencies.deliveries.list(grant.account))


@get(
    "/api/deliveries/{destination:int}",
    summary="One delivery",
    tags=["deliveries"],
    sync_to_thread=True,
)
def get_delivery(
    destination: FromPath[int], grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[DeliveryView]:
    """Return how one delivery goes: sent, waiting, rate, cost, last error with its cure."""
    found = api.dependencies.deliveries.find(grant.account, destination)
    if found is None:
        raise UnknownDeliveryError(account=grant.account, destination=destination)
    return Success(found)


@get(
    "/api/deliveries/{destination:int}/aside",
    summary="What waits for a person",
    tags=["deliveries"],
    sync_to_thread=True,
)
def list_aside(
    destination: FromPath[int],
    grant: NamedDependency[Grant],
    api: NamedDependency[ApiState],
    only: FromQuery[Literal["parked", "doubtful"] | None] = None,
    limit: FromQuery[int] = 100,
) -> Success[Sequence[SetAside]]:
    """Return refused users, events and purchases with body and answer, and doubtful ones."""
    check_scope(grant, PERSONAL_SCOPE)
    shown = max(1, min(limit, MOST_SHOWN))
    return Success(api.dependencies.deliveries.set_aside(grant.account, destination, only, shown))


@post(
    "/api/deliveries/{destination:int}/replay",
    summary="Send again what was set aside",
    tags=["deliveries"],
    status_code=200,
    sync_to_thread=True,
)
def replay_aside(
    destination: FromPath[int],
    data: JSONBody[ChoiceBody],
    grant: NamedDependency[Grant],
    api: NamedDependency[ApiState],
) -> Success[Counted]:
    """Make chosen users, events and purchases due again, by id, by reason, by time."""
    return _choose(api.dependencies.deliveries.replay, destination, data, grant)


@post(
    "/api/deliveries/{destination:int}/drop",
    summary="Give up what was set aside",
    tags=["deliveries"],
    status_code=200,
    sync_to_thread=True,
)
def drop_aside(
    destination: FromPath[int],
    data: JSONBody[ChoiceBody],
    grant: NamedDependency[Grant],
    api: NamedDependency[ApiState],
) -> Success[Counted]:
    """Note that chosen events and purchases need not be sent any more."""
    return _choose(api.dependencies.deliveries.drop, destination, data, grant)


@post(
    "/api/deliveries/{destination:int}/step",
    summary="Pause, resume, bounce, kill or release a delivery",
    tags=["deliveries"],
    status_code=200,
    sync_to_thread=True,
)
def take_step(
    destination: FromPath[int],
    data: JSONBody[StepBody],
    grant: NamedDependency[Grant],
    api: NamedDependency[ApiState],
) -> Success[State]:
    """Take a step; the sender follows within a second."""
    check_scope(grant, STEP_SCOPE)
    calls, actor = api.dependencies.deliveries, actor_of(grant)
    return Success(State(calls.step(grant.account, destination, data.step, actor)))


@post(
    "/api/deliveries/{destination:int}/repeats",
    summary="Choose what becomes of unanswered events and purchases",
    tags=["deliveries"],
    status_code=200,
    sync_to_thread=True,
)
def choose_repeats(
    destination: FromPath[int],
    data: JSONBody[RepeatsBody],
    grant: NamedDependency[Grant],
    api: NamedDependency[ApiState],
) -> Success[RepeatsBody]:
    """At most once lists them as doubtful; at least once sends them again and counts it."""
    check_scope(grant, STEP_SCOPE)
    calls, actor = api.dependencies.deliveries, actor_of(grant)
    calls.set_repeats(grant.account, destination, data.repeats, actor)
    return Success(data)


# A POST keeps people's ids out of addresses and access logs.
@post(
    "/api/deliveries/held",
    summary="What destinations hold of a user",
    tags=["deliveries"],
    status_code=200,
    sync_to_thread=True,
)
def find_held(
    data: JSONBody[HeldBody], grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[Sequence[Holding]]:
    """Return what each destination was last told of a user, or of whom an identifier names."""
    check_scope(grant, PERSONAL_SCOPE)
    return Success(api.dependencies.deliveries.holdings(grant.account, data.recipient))


@get(
    "/api/deliveries/requests/{number:int}",
    summary="One request to a destination",
    tags=["deliveries"],
    sync_to_thread=True,
)
def get_request(
    number: FromPath[int], grant: NamedDependency[Grant], api: NamedDependency[ApiState]
) -> Success[RequestView]:
    """Return when a request left, how much it carried, and what was answered."""
    found = api.dependencies.deliveries.request(grant.account, number)
    if found is None:
        raise UnknownRequestError(number=number)
    return Success(found)


def _choose(
    step: Callable[[int, int, Choice, Actor], int],
    destination: int,
    data: ChoiceBody,
    grant: Grant,
) -> Success[Counted]:
    check_scope(grant, STEP_SCOPE)
    return Success(Counted(step(grant.account, destination, data.choice(), actor_of(grant))))
