"""Random wishes, answers, losses and crashes; at the end the destination holds what is wanted."""

import itertools
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from coterie.flow.exports import outbox
from coterie.flow.exports.delivery import plan_shipments
from coterie.flow.exports.draft import Draft, Ended
from coterie.flow.exports.hold import Hold, try_hold
from coterie.flow.exports.outbox import Due
from coterie.flow.exports.parked import replay_parked
from coterie.flow.exports.requests import Closing, Request
from coterie.flow.exports.settle import DoubtPolicy
from coterie.model.delivery import Acknowledged, Postponed, Refused, Settlement, Shipment, Verdict
from coterie.sender.waiting import Waiting
from coterie.store import Connection, Store

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LIFE = timedelta(seconds=90)
POLICY = DoubtPolicy(repeats={}, life=LIFE)
USERS = ("u1", "u2", "u3")
destinations = itertools.count(1)

Values = frozenset[str]


class Wish(msgspec.Struct, frozen=True):
    """The worker writes what a user shall hold."""

    user: str
    values: Values
    left: Values


class Flush(msgspec.Struct, frozen=True):
    """The sender takes rows; `fate` by user; `during` is a wish between opening and settling.

    Before that late requests land, or the longest life of a request goes by.
    """

    held: Values
    fates: tuple[str, ...]
    during: Wish | None
    crash: bool
    lands: bool = False
    waits: bool = False


values = st.frozensets(st.sampled_from("abc"))
wishes = st.builds(Wish, st.sampled_from(USERS), values, values)
fates = st.sampled_from(["applied", "lost_before", "lost_after", "late", "refused"])
flushes = st.builds(
    Flush,
    values,
    st.tuples(fates, fates, fates),
    st.none() | wishes,
    st.booleans(),
    st.booleans(),
    st.booleans(),
)


class Braze:
    """What the destination holds."""

    def __init__(self) -> None:
        self.users: dict[str, set[str]] = {user: set() for user in USERS}
        self.late: list[Shipment] = []

    def apply(self, shipment: Shipment) -> None:
        held = self.users[shipment.row.recipient]
        held |= set(shipment.difference.put)
        held -= set(shipment.difference.drop)

    def catch_up(self) -> None:
        """Work what was given up long ago."""
        for shipment in self.late:
            self.apply(shipment)
        self.late.clear()


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with Store.open(database_url) as opened:
        yield opened


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(st.one_of(wishes, flushes), max_size=12))
def test_whatever_happens_the_destination_ends_with_what_is_wanted(
    store: Store, steps: list[Wish | Flush]
) -> None:
    destination = next(destinations)
    braze = Braze()
    wanted: dict[str, Values] = {}

    with try_hold(store, destination) as hold, store.connect(autocommit=True) as conn:
        assert hold is not None
        run = Run(conn, hold, destination, braze, wanted)
        for step in steps:
            if isinstance(step, Wish):
                run.wish(step)
            else:
                run.flush(step)
        run.calm_down()
        told = conn.execute(
            "SELECT recipient, told, in_doubt, uncertain FROM outbox WHERE destination = %s",
            (destination,),
        ).fetchall()

    assert {user: braze.users[user] for user in wanted} == wanted
    assert {row[0]: frozenset(row[1]) for row in told} == wanted
    assert all(row[2:] == ({}, None) for row in told)


class Run:
    """One run of the model against the real tables."""

    def __init__(
        self,
        conn: Connection,
        hold: Hold,
        destination: int,
        braze: Braze,
        wanted: dict[str, Values],
    ) -> None:
        self.conn = conn
        self.hold = hold
        self.destination = destination
        self.braze = braze
        self.wanted = wanted
        self.now = NOW

    def wish(self, wish: Wish) -> None:
        self.wanted[wish.user] = wish.values
        self.conn.execute(
            "INSERT INTO outbox AS o"
            " (destination, recipient, account, claims, wanted, in_doubt, version)"
            " VALUES (%s, %s, 1, '', %s, %s, 1) ON CONFLICT (destination, recipient) DO UPDATE SET"
            " wanted = EXCLUDED.wanted, in_doubt = o.in_doubt || EXCLUDED.in_doubt,"
            " version = o.version + 1, pending = true, parked = NULL",
            (
                self.destination,
                wish.user,
                Jsonb(dict.fromkeys(wish.values, True)),
                Jsonb({key: [None, 0, 0] for key in wish.left}),
            ),
        )

    def flush(self, step: Flush) -> None:
        if step.lands:
            self.braze.catch_up()
        if step.waits:
            self.pass_a_life()
        rows = Waiting().take(self.hold, self.destination, Due(limit=100, now=self.now)).rows
        shipments = plan_shipments(rows, held=step.held, is_whole=True)
        idle = [shipment for shipment in shipments if shipment.difference.is_empty]
        due = [shipment for shipment in shipments if not shipment.difference.is_empty]
        (number,) = self.hold.numbers(1)
        opened = [Request(id=number, destination=self.destination, loads=tuple(due))]
        self.write(opened, [], idle=[Settlement(shipment, Acknowledged()) for shipment in idle])
        settlements = [
            Settlement(shipment, self.send(shipment, fate))
            for shipment, fate in zip(due, step.fates, strict=False)
        ]
        if step.during is not None:
            self.wish(step.during)
        if step.crash:
            self.hold.recover(seconds=0.0, policy=POLICY, now=self.now)
            return
        closing = Closing(id=number, outcome="answered", status=201, answer="")
        self.write([], [Ended(closing=closing, settlements=tuple(settlements))])

    def send(self, shipment: Shipment, fate: str) -> Verdict:
        if fate in ("applied", "lost_after"):
            self.braze.apply(shipment)
        if fate == "late":
            self.braze.late.append(shipment)
        if fate == "applied":
            return Acknowledged()
        if fate == "refused":
            return Refused("bad", "{}")
        return Postponed(1.0, "no answer")

    def write(
        self, opened: list[Request], ended: list[Ended], *, idle: Sequence[Settlement] = ()
    ) -> None:
        self.hold.write(Draft(opened, ended, idle=idle, policy=POLICY, now=self.now))

    def pass_a_life(self) -> None:
        """What has not landed until now never will; whoever was in it is told again."""
        self.braze.late.clear()
        self.now += LIFE
        self.hold.wake(self.destination, now=self.now)

    def calm_down(self) -> None:
        """Let all jobs run, replay what was refused, answer everything, and wait a life."""
        self.hold.unhold(self.destination)
        replay_parked(self.conn, self.destination)
        self.hold.hurry(self.destination)
        calm = Flush(frozenset(), ("applied",) * 3, None, crash=False)
        self.flush(calm)
        self.braze.catch_up()
        self.pass_a_life()
        self.flush(calm)
        assert outbox.count_waiting(self.conn, self.destination) == 0
