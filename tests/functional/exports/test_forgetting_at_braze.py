"""Who is forgotten here is deleted at Braze, if Braze was told of them."""

from datetime import datetime, timedelta

from tests.functional.exports.conftest import Shop
from tests.functional.flow.conftest import ACTOR

from coterie.app.erasures import privacy_calls
from coterie.app.services import Services
from coterie.base.settings import Settings
from coterie.control.audit import list_audit
from coterie.control.jobs import create_export, kill_job
from coterie.model.erasure import Erasure
from coterie.worker.eraser import erase_next

ADA = {"user_id": "u-ada", "email": "ada@example.org", "city": "Oslo"}
BOB = {"user_id": "u-bob", "email": "bob@example.org", "city": "Oslo"}
EVE = {"user_id": "u-eve", "email": "eve@example.org", "city": "Rome"}
AUDIENCE = 'FILTER city = "Oslo"'


def open_shop(shop: Shop, **options: object) -> None:
    """Ada and Bob are told of, Eve is in no audience."""
    shop.audience("oslo", AUDIENCE)
    shop.send(ADA, BOB, EVE)
    shop.work()
    shop.build()
    shop.create("oslo", **options)
    shop.run_jobs()
    shop.deliver()


def forget(shop: Shop, user: str, *, later: timedelta = timedelta(hours=1)) -> Erasure:
    shop.now += later
    calls = privacy_calls(Services(Settings(), lambda: shop.now, shop.ring, shop.store))
    return calls.forget(shop.account.number, ("user_id", user), False, ACTOR)


def erase(shop: Shop, made: Erasure, *, later: timedelta = timedelta()) -> Erasure:
    """Take all steps of an erasure that are due, and say how far it is."""
    shop.now += later
    while erase_next(shop.bench):
        pass
    calls = privacy_calls(Services(Settings(), lambda: shop.now, shop.ring, shop.store))
    return calls.erasure(shop.account.number, made.id)


def deliver_in_time(shop: Shop) -> None:
    """Deliver while the clock goes on: a deletion waits for some minutes."""

    def tick() -> None:
        shop.now += timedelta(seconds=20)

    shop.deliver(jobs=tick)


def deleted_at(shop: Shop) -> datetime:
    with shop.store.transaction() as conn:
        query = (
            "SELECT o.settled_at FROM outbox o JOIN destination d ON d.id = o.destination"
            " WHERE d.form = 'deletion'"
        )
        found = conn.execute(query).fetchone()
    assert found is not None
    assert isinstance(found[0], datetime)
    return found[0]


def rows_of(shop: Shop, user: str) -> list[tuple[str, bool]]:
    with shop.store.transaction() as conn:
        query = (
            "SELECT d.form, o.parked IS NOT NULL FROM outbox o"
            " JOIN destination d ON d.id = o.destination WHERE o.recipient = %s ORDER BY 1"
        )
        return conn.execute(query, (user,)).fetchall()


def track(shop: Shop, user: dict[str, object]) -> None:
    """Write to Braze beside the sender."""
    assert shop.braze.post("/users/track", {"attributes": [user]}).status == 201


def paths(shop: Shop) -> list[str]:
    return [entry["path"] for entry in shop.braze.requests("/users/")][::-1]


def test_who_is_forgotten_here_is_deleted_at_braze(shop: Shop) -> None:
    open_shop(shop)
    before = shop.at_braze("u-ada")

    made = forget(shop, "u-ada")
    asked = erase(shop, made)
    deliver_in_time(shop)
    shop.now = deleted_at(shop)
    held = erase(shop, made, later=timedelta(minutes=4))
    done = erase(shop, made, later=timedelta(minutes=10))

    assert before == ["oslo"]
    assert shop.braze.user("u-ada") is None
    assert shop.at_braze("u-bob") == ["oslo"]
    assert (asked.state, asked.deletions, asked.waiting) == ("running", 1, 2)
    # The deletion keeps off what would meet it at Braze for a while.
    assert (held.state, held.waiting) == ("running", 1)
    assert (done.state, done.deletions, done.waiting) == ("done", 1, 0)
    assert rows_of(shop, "u-ada") == []
    entries = list_audit(shop.store, account=shop.account.number, limit=5)
    finished = next(entry for entry in entries if entry.verb == "finished")
    assert finished.detail["deletions"] == 1


def test_who_was_never_told_of_is_not_deleted(shop: Shop) -> None:
    open_shop(shop)
    track(shop, {"external_id": "u-eve", "plan": "gold"})
    shop.send({**EVE, "city": "Oslo"})
    shop.work()
    shop.send(EVE)
    shop.work()

    made = forget(shop, "u-eve")
    shop.deliver()
    done = erase(shop, made)

    assert shop.braze.user("u-eve") is not None
    assert (done.state, done.deletions) == ("done", 0)
    assert "/users/delete" not in paths(shop)


def test_a_job_may_leave_the_user_at_braze(shop: Shop) -> None:
    open_shop(shop, delete_forgotten=False)

    made = forget(shop, "u-ada")
    erase(shop, made)
    shop.deliver()
    done = erase(shop, made, later=timedelta(minutes=1))

    assert shop.braze.user("u-ada") is not None
    assert shop.at_braze("u-ada") in (None, [])
    assert (done.state, done.deletions) == ("done", 0)


def test_what_a_job_told_before_it_ended_is_deleted_too(shop: Shop) -> None:
    open_shop(shop)
    kill_job(
        shop.store,
        account=shop.account.number,
        job_id=shop.job.id,
        actor=ACTOR,
        clock=lambda: shop.now,
    )

    made = forget(shop, "u-ada")
    erase(shop, made)
    deliver_in_time(shop)
    done = erase(shop, made, later=timedelta(minutes=10))

    assert shop.braze.user("u-ada") is None
    assert (done.state, done.deletions) == ("done", 1)


def test_a_first_request_that_was_on_its_way_is_followed_by_the_deletion(shop: Shop) -> None:
    shop.audience("oslo", AUDIENCE)
    shop.send(ADA)
    shop.work()
    shop.build()
    shop.create("oslo")
    shop.run_jobs()

    made = forget(shop, "u-ada")
    # As a sender that read the row before: what it sent is acknowledged after the wish.
    with shop.store.transaction() as conn:
        conn.execute(
            "UPDATE outbox SET told = '{\"oslo\": [true, 1, 1]}', told_version = 1,"
            " settled_at = %s",
            (shop.now,),
        )
    track(shop, {"external_id": "u-ada", "lytics_segments": ["oslo"]})
    erase(shop, made)
    deliver_in_time(shop)
    done = erase(shop, made, later=timedelta(minutes=10))

    assert shop.braze.user("u-ada") is None
    assert (done.state, done.deletions) == ("done", 1)


def test_whoever_comes_back_and_is_forgotten_again_is_deleted_again(shop: Shop) -> None:
    open_shop(shop)
    first = forget(shop, "u-ada")
    erase(shop, first)
    deliver_in_time(shop)
    shop.now += timedelta(minutes=10)
    shop.send(ADA)
    shop.work()
    shop.deliver()
    back = shop.at_braze("u-ada")

    second = forget(shop, "u-ada")
    erase(shop, second)
    deliver_in_time(shop)
    done = [erase(shop, made, later=timedelta(minutes=10)) for made in (first, second)]

    assert back == ["oslo"]
    assert shop.braze.user("u-ada") is None
    assert [each.state for each in done] == ["done", "done"]
    # The first was under way still, and may be who asks.
    assert sum(each.deletions for each in done) == 2
    assert paths(shop).count("/users/delete") == 2


def test_a_deletion_that_braze_refuses_is_parked_until_the_job_wants_it_no_more(
    shop: Shop,
) -> None:
    open_shop(shop)
    shop.braze.fail(path="/users/delete", status=400, body={"message": "no"}, times=None)

    made = forget(shop, "u-ada")
    erase(shop, made)
    deliver_in_time(shop)
    waiting = erase(shop, made, later=timedelta(minutes=10))
    parked = rows_of(shop, "u-ada")
    shop.change(delete_forgotten=False)
    done = erase(shop, made, later=timedelta(minutes=10))

    assert parked == [("array", False), ("deletion", True)]
    assert (waiting.state, waiting.waiting) == ("running", 2)
    assert (done.state, done.waiting) == ("done", 0)
    assert rows_of(shop, "u-ada") == []


def test_who_was_told_of_by_an_event_alone_is_deleted_once(shop: Shop) -> None:
    create_export(
        shop.store,
        account=shop.account.number,
        label="Events",
        authorization_id=shop.authorization,
        config={"kind": "export_events", "identifier_field": "user_id", "events": ["order"]},
        actor=ACTOR,
        clock=lambda: shop.now,
    )
    shop.send({"user_id": "u-ada", "event": "order"}, {"user_id": "u-bob", "event": "view"})
    shop.work()
    shop.deliver()
    before = shop.braze.user("u-ada")

    made = forget(shop, "u-ada")
    erase(shop, made)
    deliver_in_time(shop)
    erase(shop, made)
    done = erase(shop, made, later=timedelta(minutes=10))

    assert before is not None
    assert shop.braze.user("u-ada") is None
    assert (done.state, done.deletions) == ("done", 1)
    assert paths(shop).count("/users/delete") == 1
    with shop.store.transaction() as conn:
        assert conn.execute("SELECT recipient FROM outbox_queue").fetchall() == []
