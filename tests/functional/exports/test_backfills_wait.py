"""Who was a member before leaves behind who becomes one now."""

from datetime import timedelta

from tests.functional.exports.conftest import Shop
from tests.functional.exports.test_forgetting_at_braze import ADA, AUDIENCE, BOB, EVE


def lines(shop: Shop) -> dict[str, bool]:
    """Return of each user that waits whether a backfill put them there."""
    with shop.store.transaction() as conn:
        query = "SELECT recipient, backfill FROM outbox WHERE pending"
        return dict(conn.execute(query).fetchall())


def test_existing_users_wait_behind_who_changes(shop: Shop) -> None:
    shop.audience("oslo", AUDIENCE)
    shop.send(ADA, BOB, EVE)
    shop.work()
    shop.build()
    shop.create("oslo")
    shop.run_jobs()
    shop.now += timedelta(minutes=1)
    shop.send({**EVE, "city": "Oslo"})
    shop.work()
    before = lines(shop)

    shop.now += timedelta(minutes=1)
    shop.send({**BOB, "city": "Rome"})
    shop.work()
    after = lines(shop)
    shop.deliver()

    assert before == {"u-ada": True, "u-bob": True, "u-eve": False}
    assert after == {"u-ada": True, "u-bob": False, "u-eve": False}
    assert [shop.at_braze(user) for user in ("u-ada", "u-eve")] == [["oslo"], ["oslo"]]
    assert shop.at_braze("u-bob") in (None, [])


def test_members_of_a_new_audience_wait_behind_who_changes(shop: Shop) -> None:
    shop.audience("oslo", AUDIENCE)
    shop.create("oslo")
    shop.send(ADA)
    shop.work()
    shop.run_jobs()
    shop.deliver()

    shop.audience("known", 'FILTER city != ""')
    shop.change(audiences=["oslo", "known"])
    shop.build()
    shop.run_jobs()

    assert lines(shop) == {"u-ada": True}
