import asyncio
import time
from datetime import UTC, datetime

import pytest
from tests.functional.sender.conftest import ACCOUNT, ATTRIBUTE, World

from braze_sandbox.model.fault import Fault
from braze_sandbox.sandbox import BrazeSandbox
from coterie.control.deliveries import record_sleep
from coterie.flow.exports.claims import ClaimPlan
from coterie.flow.exports.wishes import save_plan
from coterie.model.changes import ClaimChange
from coterie.model.delivery import DestinationPlan


class Hours:
    """A monotonic clock that can be set forward."""

    hours = 0

    def monotonic(self) -> float:
        return time.monotonic() + 3_600 * self.hours


def listens(world: World) -> bool:
    """Answer whether a sender hears what commits from now on."""
    with world.store.transaction() as conn:
        found = conn.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND state = 'idle' AND query = 'LISTEN \"coterie_outbox\"'"
        ).fetchone()
    return found is not None and found[0] > 0


async def test_wanted_values_arrive_as_adds_of_the_attribute(world: World) -> None:
    world.wish("u1", {"vip", "new"})

    async with world.sending():
        await world.wait_idle()

    assert world.requests() == [[{"external_id": "u1", "lytics_segments": {"add": ["new", "vip"]}}]]
    assert world.at_braze("u1") == {"vip", "new"}
    assert world.row("u1")["told"] == ["new", "vip"]
    assert world.row("u1")["in_doubt"] == []


async def test_leaving_an_audience_sends_one_removal(world: World) -> None:
    world.wish("u1", {"vip", "new"})
    async with world.sending():
        await world.wait_idle()

        world.wish("u1", {"vip"})
        await world.wait_idle()

    assert world.requests()[1:] == [[{"external_id": "u1", "lytics_segments": {"remove": ["new"]}}]]
    assert world.at_braze("u1") == {"vip"}


async def test_entering_and_leaving_before_a_flush_costs_nothing(world: World) -> None:
    world.wish("u1", {"vip"})
    world.wish("u1", set())

    async with world.sending():
        await world.wait_idle()

    assert world.requests() == []
    assert world.at_braze("u1") is None


async def test_a_request_holds_at_most_75_users(world: World) -> None:
    world.wish_many([f"u{number}" for number in range(200)], {"vip"})

    async with world.sending():
        await world.wait_idle()

    assert sorted(len(objects) for objects in world.requests()) == [50, 75, 75]
    assert world.at_braze("u199") == {"vip"}


async def test_full_batches_do_not_wait_for_the_flush_time(world: World) -> None:
    world.wish_many([f"u{number}" for number in range(80)], {"vip"})

    async with world.sending(flush_seconds=3600.0):
        await world.wait_until(lambda: world.pending() == 5)

    assert [len(objects) for objects in world.requests()] == [75]


async def test_an_authorization_may_gather_longer_than_the_installation(world: World) -> None:
    world.configure(flush_seconds="3600")
    world.wish_many([f"u{number}" for number in range(80)], {"vip"})

    async with world.sending(flush_seconds=0.0):
        await world.wait_until(lambda: world.pending() == 5)

    assert [len(objects) for objects in world.requests()] == [75]


async def test_what_changes_now_and_then_leaves_at_once_and_the_next_is_gathered(
    world: World,
) -> None:
    clock = Hours()
    async with world.sending(flush_seconds=3600.0, monotonic=clock.monotonic):
        world.wish_many([f"v{number}" for number in range(76)], {"vip"})
        await world.wait_until(lambda: world.pending() == 1)
        clock.hours = 1
        await world.wait_idle()
        world.wish_many([f"w{number}" for number in range(77)], {"vip"})
        await world.wait_until(lambda: world.pending() == 2)
        clock.hours = 2
        await world.wait_idle()

    assert [len(objects) for objects in world.requests()] == [75, 1, 75, 2]


async def test_a_change_is_sent_when_its_transaction_commits_without_anybody_asking(
    world: World,
) -> None:
    async with world.sending(flush_seconds=0.0, poll_seconds=3600.0):
        await world.wait_until(lambda: listens(world))
        change = ClaimChange(
            destination=world.destination,
            recipient="u1",
            profile_id="1" * 32,
            first_us=1,
            items={"vip": True},
        )
        with world.store.transaction() as conn:
            save_plan(conn, ACCOUNT, ClaimPlan((change,), ()), now=datetime.now(UTC))
        await world.wait_until(lambda: world.at_braze("u1") == {"vip"})


async def test_explicit_removals_are_sent_although_never_told(world: World) -> None:
    world.wish("u1", set(), left={"vip"})

    async with world.sending():
        await world.wait_idle()

    assert world.requests() == [[{"external_id": "u1", "lytics_segments": {"remove": ["vip"]}}]]


async def test_an_add_whose_answer_was_lost_cannot_swallow_the_removal(world: World) -> None:
    world.sandbox.engine.faults.plan(Fault(path="/users/track", cut=True, after_work=True))
    world.wish("u1", {"vip"})
    async with world.sending():
        await world.wait_until(lambda: world.row("u1")["attempts"] == 1)

        assert world.at_braze("u1") == {"vip"}
        world.wish("u1", set())
        await world.wait_idle()

    assert world.at_braze("u1") == set()
    assert world.row("u1")["in_doubt"] == []


async def test_one_refused_user_is_parked_and_its_neighbours_arrive(world: World) -> None:
    too_long = "x" * 1000
    world.wish_many(["u1", too_long, "u2"], {"vip"})

    async with world.sending():
        await world.wait_idle()

    assert world.at_braze("u1") == world.at_braze("u2") == {"vip"}
    row = world.row(too_long)
    assert "988 bytes" in str(row["parked"])
    assert too_long in str(row["last_answer"])
    assert row["in_doubt"] == []


async def test_a_request_without_any_valid_user_is_parked_too(world: World) -> None:
    too_long = "x" * 1000
    world.wish(too_long, {"vip"})

    async with world.sending():
        await world.wait_idle()

    assert world.row(too_long)["parked"]


async def test_a_refusal_without_reasons_is_narrowed_down_to_the_user(world: World) -> None:
    refusal = Fault(path="/users/track", status=400, body={"message": "Bad Request"}, times=2)
    world.sandbox.engine.faults.plan(refusal)
    world.wish_many(["u1", "u2", "u3", "u4"], {"vip"})

    async with world.sending():
        await world.wait_idle()

    parked = [f"u{number}" for number in range(1, 5) if world.row(f"u{number}")["parked"]]
    sizes = [len(objects) for objects in world.requests()]
    assert sizes == [4, 2, 1, 1, 2]
    assert parked == []


async def test_a_rate_limit_delays_and_loses_nothing(world: World) -> None:
    busy = Fault(path="/users/track", status=429, rate_headers="mau", retry_after=1)
    world.sandbox.engine.faults.plan(busy)
    world.wish("u1", {"vip"})

    async with world.sending():
        started = asyncio.get_running_loop().time()
        await world.wait_until(lambda: "rate limit" in str(world.row("u1")["last_answer"]))
        assert world.row("u1")["attempts"] == 0
        await world.wait_idle()
        elapsed = asyncio.get_running_loop().time() - started

    assert elapsed >= 0.9
    assert len(world.requests()) == 2
    assert world.at_braze("u1") == {"vip"}


async def test_values_of_a_paused_job_are_kept_back_while_others_go(world: World) -> None:
    world.add_job({"vip": "vip"}, state="running")
    paused = world.add_job({"new": "new"}, state="paused")
    world.wish("u1", {"vip", "new"})
    async with world.sending():
        await world.wait_idle()

        assert world.at_braze("u1") == {"vip"}
        world.set_job_state(paused, "running")
        await world.wait_until(lambda: world.at_braze("u1") == {"vip", "new"})
        await world.wait_idle()

    assert len(world.requests()) == 2


async def test_what_a_job_kept_back_of_somebody_under_way_is_told_when_it_goes_on(
    world: World, sandbox: BrazeSandbox
) -> None:
    world.add_job({"vip": "vip"}, state="running")
    paused = world.add_job({"new": "new"}, state="paused")
    sandbox.engine.faults.plan(Fault(path="/users/track", hold=True))
    world.wish("u1", {"vip", "new"})
    async with world.sending():
        await world.wait_until(sandbox.engine.faults.held)
        world.set_job_state(paused, "running")
        world.wish("u2", {"new"})
        # Who is told of the job's value shows that the sender knows it to be free.
        await world.wait_until(lambda: world.at_braze("u2") == {"new"})

        sandbox.engine.faults.release()

        await world.wait_until(lambda: world.at_braze("u1") == {"vip", "new"})


async def test_two_attributes_of_one_key_do_not_mix(world: World) -> None:
    other = world.add_destination("coterie_audiences")
    world.wish("u1", {"vip"})
    world.wish("u1", {"new"}, destination=other)

    async with world.sending():
        await world.wait_idle()

    assert world.at_braze("u1") == {"vip"}
    assert world.at_braze("u1", "coterie_audiences") == {"new"}


async def test_only_one_of_two_senders_serves_an_authorization(world: World) -> None:
    names = [f"u{number}" for number in range(300)]

    async with world.sending(), world.sending():
        world.wish_many(names, {"vip"})
        await world.wait_idle()

    sent = [item["external_id"] for objects in world.requests() for item in objects]
    assert sorted(map(str, sent)) == sorted(names)


async def test_another_sender_takes_over_when_the_first_ends(world: World) -> None:
    async with world.sending():
        async with world.sending():
            world.wish("u1", {"vip"})
            await world.wait_idle()
        world.wish("u2", {"vip"})
        await world.wait_idle()

    assert world.at_braze("u2") == {"vip"}


@pytest.mark.parametrize("status", [500, 503])
async def test_a_dead_destination_is_shown_and_recovers_by_itself(
    world: World, status: int
) -> None:
    job = world.add_job({"vip": "vip"})
    world.sandbox.engine.faults.plan(Fault(path="/users/track", status=status, times=4))
    world.wish("u1", {"vip"})

    async with world.sending():
        await world.wait_idle()

    assert world.at_braze("u1") == {"vip"}
    with world.store.transaction() as conn:
        logs = conn.execute(
            "SELECT code FROM job_log WHERE job_id = %s ORDER BY id", (job,)
        ).fetchall()
        health = conn.execute("SELECT health FROM provider_authorization").fetchone()
    assert [row[0] for row in logs] == ["error", "started", "synced"]
    assert health == ("healthy",)


def log_codes(world: World, job: int) -> list[str]:
    with world.store.transaction() as conn:
        query = "SELECT code FROM job_log WHERE job_id = %s ORDER BY id"
        return [row[0] for row in conn.execute(query, (job,))]


async def test_a_job_with_nothing_left_to_send_says_once_that_it_sleeps(world: World) -> None:
    job = world.add_job({"vip": "vip"})
    plan = DestinationPlan(
        id=world.destination,
        account=ACCOUNT,
        authorization_id=world.authorization_id,
        form="array",
        attribute=ATTRIBUTE,
        held=frozenset(),
        jobs=(job,),
    )

    for number in (1, 2):
        world.wish(f"u{number}", {"vip"})
        async with world.sending(sleep_seconds=0.05):
            await world.wait_until(lambda: log_codes(world, job).count("sleeping") == number)  # noqa: B023
        # As a sender that was started anew, which does not know that this was told.
        record_sleep(world.store, plan, now=datetime.now(UTC))

    assert log_codes(world, job) == ["synced", "sleeping", "synced", "sleeping"]


async def test_a_job_whose_deliveries_wait_does_not_sleep(world: World) -> None:
    job = world.add_job({"vip": "vip"})
    world.sandbox.engine.faults.plan(Fault(path="/users/track", status=503, times=None))
    world.wish("u1", {"vip"})

    async with world.sending(sleep_seconds=0.0):
        await world.wait_until(lambda: len(world.requests()) >= 3)

    assert set(log_codes(world, job)) == {"error"}


async def test_a_deleted_key_is_reported_with_its_cure_and_loses_nothing(world: World) -> None:
    world.sandbox.engine.state.remove_key(world.sandbox.key)
    world.wish("u1", {"vip"})

    def health() -> tuple[str, str]:
        with world.store.transaction() as conn:
            row = conn.execute("SELECT health, health_detail FROM provider_authorization")
            found = row.fetchone()
        assert found is not None
        return found[0], found[1]

    async with world.sending():
        await world.wait_until(lambda: health()[0] == "unhealthy")

    assert "Check that the key" in health()[1]
    assert world.sandbox.key not in health()[1]
    assert world.row("u1")["pending"] is True


async def test_what_was_delivered_is_counted(world: World) -> None:
    world.wish_many(["u1", "u2"], {"vip"})
    async with world.sending():
        await world.wait_idle()
        world.wish("u1", set())
        await world.wait_idle()

    with world.store.transaction() as conn:
        counts = conn.execute(
            "SELECT added, removed, refused, requests FROM destination"
        ).fetchone()
    assert counts == (2, 1, 0, 2)
