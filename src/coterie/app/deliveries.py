"""Binds what doors ask of deliveries to the store, and records what people have done."""

from coterie.app.services import config_source
from coterie.base.clock import Clock
from coterie.control.audit import Subject, record
from coterie.control.delivery_steps import (
    UnknownDeliveryError,
    read_step,
    set_repeats,
    take_delivery_step,
)
from coterie.flow.exports.parked import Choice
from coterie.flow.run.deliveries import Deliveries, DeliveryCalls, drop, hurry, replay
from coterie.flow.run.holdings import HoldingsFinder
from coterie.model.control import Actor
from coterie.model.delivery import DeliveryState, Repeats
from coterie.store import Store


def delivery_calls(store: Store, clock: Clock) -> DeliveryCalls:
    """Return the functions that doors call."""
    reads = Deliveries(store)

    def changed(verb: str, account: int, destination: int, choice: Choice, actor: Actor) -> int:
        now = clock()
        if reads.find(account, destination, now=now) is None:
            raise UnknownDeliveryError(account=account, destination=destination)
        work = replay if verb == "replayed" else drop
        with store.transaction() as conn:
            count = work(conn, account, destination, choice)
            subject = Subject(account, "destination", destination)
            record(conn, verb, subject, actor=actor, now=now, detail={"count": count})
        return count

    def step(account: int, destination: int, name: str, actor: Actor) -> DeliveryState:
        chosen = read_step(name)
        after = take_delivery_step(
            store, chosen, account=account, destination=destination, actor=actor, clock=clock
        )
        if chosen == "release":
            with store.transaction() as conn:
                hurry(conn, account, destination)
        return after

    def choose_repeats(account: int, destination: int, repeats: Repeats, actor: Actor) -> None:
        set_repeats(
            store, repeats, account=account, destination=destination, actor=actor, clock=clock
        )

    return DeliveryCalls(
        list=lambda account: reads.list(account, now=clock()),
        find=lambda account, destination: reads.find(account, destination, now=clock()),
        holdings=HoldingsFinder(store, config_source()).find,
        request=reads.request,
        set_aside=lambda account, destination, state, limit: reads.set_aside(
            account, destination, state=state, limit=limit
        ),
        replay=lambda *given: changed("replayed", *given),
        drop=lambda *given: changed("dropped", *given),
        step=step,
        set_repeats=choose_repeats,
    )
