"""What a person does to the delivery to a destination: pause, resume, bounce, kill, release."""

from typing import Literal

import msgspec

from coterie.base.clock import Clock
from coterie.base.errors import UserError
from coterie.control.audit import Subject, record
from coterie.control.definitions.change import Change, definition_change
from coterie.control.jobs.read import add_log
from coterie.control.rows import find_one, list_all, run
from coterie.model.control import Actor
from coterie.model.delivery import DeliveryState, Repeats
from coterie.store import Store, load_queries

DeliveryStep = Literal["pause", "resume", "bounce", "kill", "release"]

STEPS: dict[DeliveryStep, str] = {
    "pause": "Nothing leaves until it is resumed; what changes meanwhile waits and coalesces.",
    "resume": "What waits leaves again.",
    "bounce": "The sender begins anew: it reads the key again and forgets limits and failures.",
    "kill": "Nothing leaves any more, at once; requests under way are let go and are in doubt.",
    "release": "A killed delivery goes on; what waits after failures is tried at once.",
}
"""What each step does, for people."""

_BEFORE: dict[DeliveryStep, frozenset[DeliveryState]] = {
    "pause": frozenset({"running"}),
    "resume": frozenset({"paused"}),
    "bounce": frozenset({"running"}),
    "kill": frozenset({"running", "paused"}),
    "release": frozenset({"killed", "running"}),
}
_AFTER: dict[DeliveryStep, DeliveryState] = {
    "pause": "paused",
    "resume": "running",
    "bounce": "running",
    "kill": "killed",
    "release": "running",
}
_RESTARTS: frozenset[DeliveryStep] = frozenset({"bounce", "kill", "release"})


class UnknownDeliveryError(UserError):
    """The account has no such destination, or it is not in use any more."""

    code = "unknown_delivery"

    def __init__(self, *, account: int, destination: int) -> None:
        super().__init__(
            f"Account {account} delivers to no destination {destination}. `coterie delivery list` "
            "shows those in use."
        )


class DeliveryStepError(UserError):
    """The delivery cannot take this step from where it is."""

    code = "delivery_step"

    def __init__(self, *, destination: int, state: DeliveryState, step: DeliveryStep) -> None:
        allowed = ", ".join(may_take(state))
        super().__init__(
            f"The delivery to destination {destination} is {state} and cannot take the step "
            f"{step!r}. It can: {allowed}."
        )


class _Row(msgspec.Struct, frozen=True):
    id: int
    delivery: DeliveryState


class _Id(msgspec.Struct, frozen=True):
    id: int


class UnknownStepError(UserError):
    """There is no such step."""

    code = "unknown_delivery_step"

    def __init__(self, *, step: str) -> None:
        super().__init__(f"There is no step {step!r}. The steps are {', '.join(STEPS)}.")


def read_step(name: str) -> DeliveryStep:
    """Return the step of that name. Raises UnknownStepError."""
    for step in STEPS:
        if step == name:
            return step
    raise UnknownStepError(step=name)


def may_take(state: DeliveryState) -> list[DeliveryStep]:
    """Return the steps that a delivery in a state can take."""
    return [step for step, before in _BEFORE.items() if state in before]


def take_delivery_step(
    store: Store, step: DeliveryStep, *, account: int, destination: int, actor: Actor, clock: Clock
) -> DeliveryState:
    """Take a step; return the state after it. The sender follows within a second.

    Raises UnknownDeliveryError or DeliveryStepError.
    """
    with definition_change(store, clock) as change:
        row = _lock(change, account, destination)
        if row.delivery not in _BEFORE[step]:
            raise DeliveryStepError(destination=destination, state=row.delivery, step=step)
        after = _AFTER[step]
        values = {
            "destination_id": destination,
            "delivery": after,
            "restarts": int(step in _RESTARTS),
        }
        run(change.conn, load_queries("deliveries").set_delivery, values)
        subject = Subject(account, "destination", destination)
        detail = {"from": row.delivery, "to": after}
        record(change.conn, step, subject, actor=actor, now=change.now, detail=detail)
        _tell_jobs(change, destination, step, actor)
        return after


def set_repeats(
    store: Store, repeats: Repeats, *, account: int, destination: int, actor: Actor, clock: Clock
) -> None:
    """Choose what becomes of events and purchases that are never answered.

    Raises UnknownDeliveryError.
    """
    with definition_change(store, clock) as change:
        _lock(change, account, destination)
        values = {"destination_id": destination, "repeats": repeats}
        run(change.conn, load_queries("deliveries").set_repeats, values)
        run(change.conn, load_queries("deliveries").note_repeats, values)
        subject = Subject(account, "destination", destination)
        detail = {"repeats": repeats}
        record(change.conn, "updated", subject, actor=actor, now=change.now, detail=detail)


def _lock(change: Change, account: int, destination: int) -> _Row:
    values = {"account": account, "destination_id": destination}
    row = find_one(change.conn, load_queries("deliveries").lock_delivery, values, row=_Row)
    if row is None:
        raise UnknownDeliveryError(account=account, destination=destination)
    return row


def _tell_jobs(change: Change, destination: int, step: DeliveryStep, actor: Actor) -> None:
    values = {"destination_id": destination}
    message = f"Delivery: {step}, by {actor.name}. {STEPS[step]}"
    for job in list_all(change.conn, load_queries("deliveries").jobs_of_delivery, values, row=_Id):
        add_log(change.conn, job.id, "delivery", message, now=change.now)
