"""What a job that sends events on would have sent is counted before it starts."""

from datetime import timedelta
from typing import Any

from tests.functional.exports.conftest import Shop
from tests.functional.exports.test_feeding_events import EVENTS, ORDER, PURCHASES, deeds, export

from coterie.app.dry_runs import DryRuns
from coterie.model.dry_run import FeedDryRun


def foresee(shop: Shop, *, most: int = 50_000, days: int = 7, **options: Any) -> FeedDryRun:
    found = DryRuns(shop.store, lambda: shop.now, most_seen=most).of_new(
        account=shop.account.number,
        authorization_id=shop.authorization,
        config={"identifier_field": "user_id", **options},
        days=days,
    )
    assert isinstance(found, FeedDryRun)
    return found


def test_the_events_of_the_last_days_say_what_would_be_sent(shop: Shop) -> None:
    shop.send(ORDER | {"user_id": "old"})
    shop.work()
    shop.now += timedelta(days=8)
    shop.send(
        ORDER,
        ORDER | {"count": 250},
        ORDER | {"user_id": "bo", "price": "free"},
        ORDER | {"user_id": None, "email": "cy@example.com"},
        ORDER | {"user_id": None},
        {"user_id": "ada", "event": "view"},
    )
    shop.work()

    found = foresee(shop, **PURCHASES)
    longer = foresee(shop, days=30, **PURCHASES)
    before = deeds(shop, "purchases")
    export(shop, **PURCHASES)
    shop.now += timedelta(seconds=1)
    shop.send(ORDER)
    shop.work()
    shop.deliver()

    assert (found.days, found.events, found.seen, found.is_estimate) == (7, 6, 6, False)
    assert (found.chosen, found.objects, found.data_points) == (5, 4, 4)
    assert (found.requests, found.minutes) == (1, 1 / found.requests_per_minute)
    assert found.reasons == {
        "an event had no price in 'price'": 1,
        "no value in field 'user_id'": 1,
        "the event names nobody who is known": 1,
    }
    assert {person.reason for person in found.omitted_people} < found.reasons.keys()
    assert (longer.events, longer.objects) == (7, 5)
    assert before == []
    assert len(deeds(shop, "purchases")) == 1


def test_samples_are_what_braze_is_sent_then(shop: Shop) -> None:
    shop.send(*(ORDER | {"user_id": f"u{number}"} for number in range(7)))
    shop.work()

    found = foresee(shop, **EVENTS, properties={"sku": "item.sku"})

    assert found.objects == 7
    assert len(found.samples) == 5
    [event] = found.samples[0]["events"]
    assert (event["name"], event["properties"]) == ("order", {"sku": "cd"})
    assert event["external_id"].startswith("u")


def test_only_members_who_are_not_suppressed_count(shop: Shop) -> None:
    shop.audience("oslo", 'FILTER city = "Oslo"')
    shop.audience("staff", 'FILTER first_name = "Eve"')
    shop.build()
    shop.send(
        ORDER | {"city": "Oslo"},
        ORDER | {"user_id": "bo", "city": "Rome"},
        ORDER | {"user_id": "cy", "city": "Oslo", "first_name": "Eve"},
    )
    shop.work()

    found = foresee(shop, **EVENTS, audiences=["oslo"], suppressed_by=["staff"])

    assert (found.events, found.chosen, found.objects) == (3, 2, 1)
    assert found.reasons == {"suppressed by audience 'staff'": 1}


def test_of_very_many_events_the_newest_are_projected(shop: Shop) -> None:
    shop.send(*(ORDER | {"user_id": f"u{number}"} for number in range(1_000)))
    shop.work()

    found = foresee(shop, most=1, **EVENTS)

    assert (found.events, found.seen, found.is_estimate) == (1_000, 500, True)
    assert (found.objects, found.requests) == (1_000, 14)


def test_a_message_that_came_twice_counts_once(shop: Shop) -> None:
    shop.send(ORDER | {"message_id": "m1"})
    shop.work()
    shop.send(ORDER | {"message_id": "m1"})
    shop.work()

    assert foresee(shop, **EVENTS).objects == 1


def test_a_change_of_a_running_job_is_counted_by_its_new_options(shop: Shop) -> None:
    job = export(shop, **EVENTS)
    shop.send(ORDER, {"user_id": "bo", "event": "view"}, {"user_id": "cy", "event": "view"})
    shop.work()

    found = DryRuns(shop.store, lambda: shop.now).of_change(
        account=shop.account.number, job_id=job.id, options={"events": ["view"]}
    )

    assert isinstance(found, FeedDryRun)
    assert found.objects == 2
