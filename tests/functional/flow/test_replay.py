"""A new mapping or new rules of identity are applied to all of history, and confirmed first."""

from datetime import timedelta

import pytest
from tests.functional.flow.conftest import ACTOR, House
from tests.functional.flow.replaying import confirm, go_on, publish, replay, start

from coterie.app.erasures import privacy_calls
from coterie.app.services import Services
from coterie.base.settings import Settings
from coterie.control.definitions.audiences import get_audience
from coterie.control.replays import (
    ReplayRefusedError,
    cancel_replay,
)
from coterie.worker.eraser import erase_next
from coterie.worker.replayer import Replayer, drop_cancelled

OSLO = 'FILTER city = "Oslo"'


def tell(house: House) -> None:
    """Let the destination take what it is told."""
    with house.store.transaction() as conn:
        conn.execute("UPDATE outbox SET pending = false, in_doubt = '{}', told_version = version")


def pending(house: House) -> list[str]:
    with house.store.transaction() as conn:
        rows = conn.execute("SELECT recipient FROM outbox WHERE pending ORDER BY 1").fetchall()
    return [row[0] for row in rows]


def members(house: House, slug: str) -> int:
    return get_audience(house.store, house.account.number, slug).size


def town(house: House) -> None:
    """Two records of one person that only the loyalty number connects; a friend."""
    house.audience("oslo", OSLO)
    house.send(
        {"user_id": "u1", "city": "Oslo", "order_amount": 5, "colour": "red"},
        {"email": "ada@example.org", "loyalty_id": "L1", "city": "Rome", "colour": "blue"},
        {"user_id": "u1", "loyalty_id": "L1", "order_amount": 7, "message_id": "m"},
        {"user_id": "u1", "order_amount": 7, "message_id": "m"},
        {"user_id": "u2", "city": "Oslo"},
    )
    house.work()
    house.build()


def test_history_is_mapped_by_the_new_version_and_told_before_it_holds(house: House) -> None:
    town(house)
    publish(house)
    before = house.profile("user_id", "u1")

    start(house)
    go_on(house, until="ready")
    report = replay(house).report
    waiting = house.profile("user_id", "u1")
    confirm(house)
    go_on(house, until="done")

    assert report is not None
    [mine] = report.values()
    assert mine.profiles is not None
    assert (mine.profiles.profiles_before, mine.profiles.profiles_after) == (3, 2)
    assert (mine.profiles.merged, mine.profiles.split) == (1, 0)
    assert [(one.before, one.after, one.entering, one.leaving) for one in mine.audiences] == [
        (2, 1, 0, 1)
    ]
    assert "colour" not in before
    assert waiting == before
    after = house.profile("user_id", "u1")
    assert (after["colour"], after["city"], after["email"]) == ("red", "Rome", "ada@example.org")
    assert after["order_total"] == before["order_total"] == 12
    assert after["id"] == before["id"]
    assert members(house, "oslo") == 1


def test_a_replay_with_the_same_schema_changes_nothing(house: House) -> None:
    town(house)
    house.export("oslo")
    house.run_jobs()
    tell(house)
    before = [house.profile("user_id", user) for user in ("u1", "u2")]
    changes = house.changes()

    start(house)
    go_on(house, until="ready")
    confirm(house)
    go_on(house, until="done")

    assert [house.profile("user_id", user) for user in ("u1", "u2")] == before
    assert house.changes() == changes
    assert pending(house) == []


def test_exports_are_told_of_differences_alone(house: House) -> None:
    town(house)
    house.export("oslo")
    house.run_jobs()
    tell(house)
    publish(house)

    start(house)
    go_on(house, until="ready")
    still = pending(house)
    confirm(house)
    go_on(house, until="done")

    assert still == []
    assert pending(house) == ["u1"]
    assert house.outbox()["u1"][0] == []
    told = [(kind, cause) for kind, _, cause in house.changes()[-2:]]
    assert told == [("exit", "definition"), ("merge", "definition")]


def test_events_go_on_while_history_is_replayed(house: House) -> None:
    town(house)
    publish(house)
    sent = iter(range(1_000))

    def live() -> None:
        number = next(sent)
        house.send({"user_id": f"live-{number % 7}", "city": "Oslo", "order_amount": 1})
        house.work()

    start(house)
    go_on(house, until="ready", between=live)
    confirm(house)
    go_on(house, until="done", between=live)
    total = next(sent)

    counted = [house.profile("user_id", f"live-{n}")["order_total"] for n in range(min(7, total))]
    assert sum(counted) == total
    assert members(house, "oslo") == 1 + min(7, total)
    assert house.profile("user_id", "u1")["colour"] == "red"


def test_audiences_ask_what_people_did_from_the_first_event_on(house: House) -> None:
    town(house)
    house.audience("buyers", 'FILTER count_of("*", order_amount > 0) >= 2')
    house.build()
    publish(house)

    start(house)
    go_on(house, until="ready")
    confirm(house)
    go_on(house, until="done")
    house.send({"user_id": "u2", "order_amount": 1}, {"user_id": "u2", "order_amount": 1})
    house.work()

    assert members(house, "buyers") == 2


def test_an_audience_that_is_edited_meanwhile_is_asked_again(house: House) -> None:
    town(house)
    start(house)
    go_on(house, until="ready")

    house.audience("rome", 'FILTER city = "Rome"')
    house.build()
    go_on(house, until="asking")
    with pytest.raises(ReplayRefusedError):
        confirm(house)
    go_on(house, until="ready")
    confirm(house)
    go_on(house, until="done")

    assert (members(house, "rome"), members(house, "oslo")) == (1, 2)


def test_what_is_asked_of_events_meanwhile_lets_it_begin_again(house: House) -> None:
    town(house)
    start(house)
    go_on(house, until="ready")

    house.audience("new", 'FILTER did("*", order_amount > 6)')
    house.build()
    go_on(house, until="reading")
    go_on(house, until="ready")
    confirm(house)
    go_on(house, until="done")

    assert replay(house).restarts == 1
    assert members(house, "new") == 1


def test_who_is_forgotten_meanwhile_stays_forgotten(house: House) -> None:
    town(house)
    publish(house)
    start(house)
    go_on(house, until="asking")

    services = Services(Settings(), lambda: house.now, house.ring, house.store)
    privacy_calls(services).forget(house.account.number, ("user_id", "u2"), False, ACTOR)

    while erase_next(house.bench):
        pass
    go_on(house, until="ready")
    confirm(house)
    go_on(house, until="done")

    assert house.lookup.find_profile(house.account.number, "user_id", "u2", house.now) is None


def test_a_cancelled_replay_leaves_nothing(house: House) -> None:
    town(house)
    start(house)
    go_on(house, until="ready")

    number = house.account.number
    cancel_replay(house.store, account=number, actor=ACTOR, clock=lambda: house.now)
    dropped = drop_cancelled(house.bench), drop_cancelled(house.bench)

    assert dropped == (True, False)
    with house.store.transaction() as conn:
        schemas = conn.execute(
            "SELECT nspname FROM pg_namespace WHERE nspname ~ '^g[0-9]+$'"
        ).fetchall()
    assert schemas == [("g1",)]
    assert start(house).state == "preparing"


def test_one_replay_at_a_time(house: House) -> None:
    start(house)

    with pytest.raises(ReplayRefusedError, match="in hand already"):
        start(house)


def test_a_replay_reads_no_faster_than_it_may(house: House) -> None:
    for number in range(30):
        house.send({"user_id": f"u{number}"})
    house.work()
    start(house, rate=10)
    began = house.now
    replayer = Replayer()

    while replay(house).state != "asking":
        if not replayer(house.bench):
            house.now += timedelta(milliseconds=250)

    assert house.now - began >= timedelta(seconds=1)
