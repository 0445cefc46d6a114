"""Deleting users at Braze, where a deletion may overtake what was tracked before."""

from tests.functional.sender.conftest import World

from coterie.model.delivery import NewQueueItem


def deletion(world: World) -> int:
    return world.add_destination("", form="deletion")


def paths(world: World) -> list[str]:
    entries = world.sandbox.engine.journal.newest(limit=100, path="/users/")
    return [entry.path for entry in entries][::-1]


async def test_a_user_is_deleted_when_nothing_was_sent_of_them_for_a_while(world: World) -> None:
    gone = deletion(world)
    world.wish_many(["u1", "u2"], {"vip"})
    async with world.sending(calm_seconds=0.5):
        await world.wait_idle()
        world.wish("u1", set())
        world.wish("u1", {"deleted"}, destination=gone)
        await world.wait_until(lambda: len(paths(world)) == 2 and not world.under_way())
        told_at = world.settled_at("u1", world.destination)
        await world.wait_idle()

    assert world.at_braze("u1") is None
    assert world.at_braze("u2") == {"vip"}
    assert paths(world) == ["/users/track", "/users/track", "/users/delete"]
    assert (world.settled_at("u1", gone) - told_at).total_seconds() >= 0.5


async def test_nothing_of_a_deleted_user_is_sent_that_would_make_them_anew(world: World) -> None:
    gone = deletion(world)
    world.wish("u1", {"vip"})
    async with world.sending(calm_seconds=0.2):
        await world.wait_idle()
    world.pause(world.destination)
    world.wish("u1", set())
    world.wish("u1", {"deleted"}, destination=gone)
    async with world.sending(calm_seconds=0.2):
        await world.wait_until(lambda: world.at_braze("u1") is None)
        world.resume(world.destination)
        await world.wait_idle()

    assert world.at_braze("u1") is None
    assert paths(world) == ["/users/track", "/users/delete"]


async def test_events_of_a_deleted_user_are_dropped(world: World) -> None:
    gone = deletion(world)
    events = world.add_destination("", form="events")
    world.pause(events)
    world.enqueue(
        events, NewQueueItem(recipient="u1", origin="e1", body={"name": "x", "time": "2026-01-01"})
    )
    async with world.sending(calm_seconds=0.1):
        world.wish("u1", {"deleted"}, destination=gone)
        await world.wait_until(lambda: "/users/delete" in paths(world))
        await world.wait_idle()
        world.resume(events)

    assert paths(world) == ["/users/delete"]


async def test_who_comes_back_is_told_of_anew_and_not_too_soon(world: World) -> None:
    gone = deletion(world)
    world.wish("u1", {"vip"})
    async with world.sending(calm_seconds=0.3):
        await world.wait_idle()
        world.wish("u1", {"deleted"}, destination=gone)
        await world.wait_until(lambda: "/users/delete" in paths(world))
        await world.wait_idle()

    assert world.at_braze("u1") == {"vip"}
    waited = world.settled_at("u1", world.destination) - world.settled_at("u1", gone)
    assert waited.total_seconds() >= 0.3
    assert paths(world) == ["/users/track", "/users/delete", "/users/track"]


async def test_a_deletion_keeps_its_distance_from_events_that_were_sent(world: World) -> None:
    gone = deletion(world)
    events = world.add_destination("", form="events")
    world.enqueue(
        events, NewQueueItem(recipient="u1", origin="e1", body={"name": "x", "time": "2026-01-01"})
    )
    world.configure(request_life_seconds="1")
    async with world.sending(calm_seconds=0.5):
        await world.wait_until(lambda: paths(world) and not world.under_way())
        with world.store.transaction() as conn:
            found = conn.execute("SELECT settled_at FROM outbox_queue").fetchone()
        world.wish("u1", {"deleted"}, destination=gone)
        await world.wait_idle()

    assert found is not None
    assert paths(world) == ["/users/track", "/users/delete"]
    assert (world.settled_at("u1", gone) - found[0]).total_seconds() >= 1
    assert world.at_braze("u1") is None


async def test_a_doubtful_purchase_holds_the_deletion_back_while_it_may_come_late(
    world: World,
) -> None:
    gone = deletion(world)
    purchases = world.add_destination("", form="purchases")
    world.enqueue(purchases, NewQueueItem(recipient="u1", origin="p1", body={"product_id": "x"}))
    with world.store.transaction() as conn:
        conn.execute("UPDATE outbox_queue SET state = 'doubtful', settled_at = now()")
    world.configure(request_life_seconds="2")
    world.wish("u1", {"deleted"}, destination=gone)
    async with world.sending(calm_seconds=0.1):
        with world.store.transaction() as conn:
            found = conn.execute("SELECT settled_at FROM outbox_queue").fetchone()
        await world.wait_idle()

    assert found is not None
    assert paths(world) == ["/users/delete"]
    assert (world.settled_at("u1", gone) - found[0]).total_seconds() >= 2
