"""Live changes leave before a backfill, which goes on beside them."""

from collections.abc import Callable, Iterator

import pytest
from tests.functional.sender.conftest import ACCOUNT, World

from coterie.base.clock import system_clock
from coterie.flow.exports.claims import ClaimPlan
from coterie.flow.exports.hold import Hold, try_hold
from coterie.flow.exports.outbox import Due, Position
from coterie.flow.exports.wishes import save_plan
from coterie.model.changes import ClaimChange
from coterie.model.delivery import OutboxRow
from coterie.sender.waiting import Waiting


class Claims:
    """Claims as workers do. Users whose names begin with `a` stand before those with `z`."""

    def __init__(self, world: World) -> None:
        self.world = world

    def make(self, *names: str, value: str = "vip", is_backfill: bool = False) -> None:
        changes = tuple(
            ClaimChange(
                destination=self.world.destination,
                recipient=name,
                profile_id=name.encode().hex().ljust(32, "0"),
                first_us=1,
                items={value: True},
                job_ids=(1,),
            )
            for name in names
        )
        plan = ClaimPlan(changes, ())
        with self.world.store.transaction() as conn:
            save_plan(conn, ACCOUNT, plan, now=system_clock(), is_backfill=is_backfill)

    def make_many(self, prefix: str, count: int, *, is_backfill: bool = False) -> None:
        names = [f"{prefix}{number:03}" for number in range(count)]
        self.make(*names, is_backfill=is_backfill)


@pytest.fixture
def claims(world: World) -> Claims:
    return Claims(world)


@pytest.fixture
def hold(world: World) -> Iterator[Hold]:
    with try_hold(world.store, world.authorization_id) as taken:
        assert taken is not None
        yield taken


def turns(waiting: Waiting, hold: Hold, world: World, *, limit: int, count: int) -> list[str]:
    """Return the first letters of the users that each turn takes."""
    due = Due(limit=limit, now=system_clock())
    taken = [waiting.take(hold, world.destination, due) for _ in range(count)]
    return ["".join(row.recipient[0] for row in each.rows) for each in taken]


def test_a_live_change_is_taken_before_a_backfill(world: World, claims: Claims, hold: Hold) -> None:
    claims.make_many("a", 30, is_backfill=True)
    claims.make("z000")
    waiting = Waiting()

    first = waiting.take(hold, world.destination, Due(limit=4, now=system_clock()))
    # The live change is not settled, so it is read again; the backfill goes on where it stood.
    second = waiting.take(hold, world.destination, Due(limit=4, now=system_clock()))

    assert [row.recipient for row in first.rows] == ["z000", "a000", "a001", "a002"]
    assert [row.recipient for row in second.rows] == ["z000", "a003", "a004", "a005"]
    assert (first.at_end, first.live_at_end) == (False, True)


def test_a_flow_of_live_changes_leaves_a_share_to_the_backfill(
    world: World, claims: Claims, hold: Hold
) -> None:
    claims.make_many("a", 60)
    claims.make_many("z", 60, is_backfill=True)

    taken = turns(Waiting(), hold, world, limit=8, count=3)

    assert taken == ["aaaaaaaa", "aaaaaazz", "aaaaaazz"]


def test_a_share_that_nobody_takes_goes_to_live_changes(
    world: World, claims: Claims, hold: Hold
) -> None:
    claims.make_many("a", 60)

    assert turns(Waiting(), hold, world, limit=8, count=3) == ["aaaaaaaa"] * 3


def test_nobody_is_taken_twice_in_a_turn(world: World, claims: Claims, hold: Hold) -> None:
    claims.make_many("a", 11)
    claims.make_many("z", 1, is_backfill=True)

    assert turns(Waiting(), hold, world, limit=8, count=2) == ["aaaaaaaa", "aaaz"]


class MovingHold(Hold):
    """Lets a user of the backfill change live as soon as the backfill was read."""

    def __init__(self, hold: Hold, move: Callable[[], None]) -> None:
        super().__init__(hold._conn, hold._reading, hold._authorization_id)
        self._move = move

    def take(self, destination: int, due: Due) -> tuple[list[OutboxRow], Position]:
        taken = super().take(destination, due)
        if due.backfill:
            self._move()
        return taken


def test_who_changes_live_between_the_reads_of_a_turn_is_taken_once(
    world: World, claims: Claims, hold: Hold
) -> None:
    claims.make_many("b", 8)
    claims.make_many("c", 20, is_backfill=True)
    waiting = Waiting()
    due = Due(limit=8, now=system_clock())
    waiting.take(hold, world.destination, due)
    waiting.restart()

    # That the first turn was full of live changes lets the second begin with the backfill.
    moving = MovingHold(hold, lambda: claims.make("c000", value="gold"))
    with world.store.transaction() as conn:
        conn.execute("UPDATE outbox SET pending = false WHERE recipient BETWEEN 'b004' AND 'b999'")
    rows = waiting.take(moving, world.destination, due).rows

    names = [row.recipient for row in rows]
    assert len(names) == len(set(names))
    assert {row.recipient: list(row.wanted) for row in rows}["c000"] == ["gold"]


def test_one_at_a_time_both_go_on(world: World, claims: Claims, hold: Hold) -> None:
    claims.make_many("a", 60)
    claims.make_many("z", 60, is_backfill=True)

    assert turns(Waiting(), hold, world, limit=1, count=4) == ["a", "z", "a", "z"]


def test_all_of_both_is_taken_once(world: World, claims: Claims, hold: Hold) -> None:
    claims.make_many("a", 7)
    claims.make_many("z", 9, is_backfill=True)
    waiting, seen = Waiting(), list[str]()
    at_end = False

    while not at_end:
        due = Due(limit=4, now=system_clock(), busy=seen)
        taken = waiting.take(hold, world.destination, due)
        seen += [row.recipient for row in taken.rows]
        at_end = taken.at_end

    assert len(seen) == len(set(seen)) == 16


def test_a_live_change_takes_its_user_out_of_the_backfill(
    world: World, claims: Claims, hold: Hold
) -> None:
    claims.make_many("a", 30, is_backfill=True)

    claims.make("a020", value="gold")
    claims.make("a020", value="gone", is_backfill=True)
    claims.make("a020", value="gold", is_backfill=True)

    taken = Waiting().take(hold, world.destination, Due(limit=2, now=system_clock()))
    assert [(row.recipient, list(row.wanted)) for row in taken.rows] == [
        ("a020", ["gold"]),
        ("a000", ["vip"]),
    ]


async def test_the_first_request_carries_what_changed_live(world: World, claims: Claims) -> None:
    claims.make_many("a", 160, is_backfill=True)
    claims.make("z000")

    async with world.sending(parallel=1):
        await world.wait_idle()

    requests = [{each["external_id"] for each in request} for request in world.requests()]
    assert "z000" in requests[0]
    assert [len(request) for request in requests] == [75, 75, 11]
    assert len(set().union(*requests)) == 161
