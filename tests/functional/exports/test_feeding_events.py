"""People's events as custom events and purchases in Braze: each once, with what was chosen."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.functional.exports.conftest import Shop
from tests.functional.flow.conftest import ACTOR
from tests.functional.flow.replaying import confirm, go_on, start

from coterie.control.jobs import (
    BadJobError,
    create_export,
    job_logs,
    kill_job,
    pause_job,
    resume_job,
)
from coterie.flow.exports.requests import forget_items
from coterie.flow.run.batch import BatchSettings, LaneProcessor
from coterie.flow.run.deliveries import Deliveries
from coterie.flow.run.generations import enter_live_generation
from coterie.model.control import Job

EVENTS: dict[str, Any] = {"kind": "export_events", "events": ["order"]}
PURCHASES: dict[str, Any] = {
    "kind": "export_purchases",
    "streams": ["default"],
    "events": ["order"],
    "product_key": "item.sku",
    "price_key": "price",
    "quantity_key": "count",
    "currency": "NOK",
}
ORDER = {"user_id": "ada", "event": "order", "item": {"sku": "cd"}, "price": "12.50", "count": 2}


def export(shop: Shop, **options: Any) -> Job:
    shop.job = create_export(
        shop.store,
        account=shop.account.number,
        label="Events",
        authorization_id=shop.authorization,
        config={"identifier_field": "user_id", **options},
        actor=ACTOR,
        clock=lambda: shop.now,
    )
    return shop.job


def follow(shop: Shop) -> None:
    shop.work()
    shop.deliver()


def deeds(shop: Shop, kind: str = "events") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = shop.braze.call("GET", f"/{kind}")[kind]
    return found


def states(shop: Shop) -> list[tuple[str, str]]:
    with shop.store.transaction() as conn:
        found = conn.execute("SELECT recipient, state FROM outbox_queue ORDER BY id").fetchall()
    return [(recipient, state) for recipient, state in found]


def step(shop: Shop, take: Any) -> None:
    take(
        shop.store,
        account=shop.account.number,
        job_id=shop.job.id,
        actor=ACTOR,
        clock=lambda: shop.now,
    )


def test_events_arrive_with_name_time_and_properties(shop: Shop) -> None:
    shop.trust("app")
    export(shop, **EVENTS, properties={"sku": "item.sku", "price": "price", "gone": "nothing"})
    at = datetime(2026, 2, 27, 8, 30, tzinfo=UTC)
    shop.send(ORDER, {"user_id": "ada", "event": "view"}, stream="app", at=at)
    follow(shop)

    [found] = deeds(shop)
    assert found["name"] == "order"
    assert datetime.fromisoformat(found["time"]) == at
    assert found["properties"] == {"sku": "cd", "price": "12.50"}
    assert shop.braze.user("ada")["braze_id"] == found["braze_id"]


def test_all_events_of_a_stream_can_have_one_name(shop: Shop) -> None:
    export(shop, kind="export_events", streams=["default"], event_name="Something happened")
    shop.send({"user_id": "ada"}, {"user_id": "bo", "event": "view"})
    follow(shop)

    assert [found["name"] for found in deeds(shop)] == ["Something happened"] * 2


def test_purchases_arrive_with_product_price_quantity_and_currency(shop: Shop) -> None:
    export(shop, **PURCHASES, currency_key="currency", properties={"channel": "channel"})
    shop.send(ORDER | {"channel": "app"}, ORDER | {"currency": "sek", "count": None})
    follow(shop)

    found = deeds(shop, "purchases")
    assert [(each["product_id"], each["price"], each["quantity"]) for each in found] == [
        ("cd", 12.5, 2),
        ("cd", 12.5, 1),
    ]
    assert [each["currency"] for each in found] == ["NOK", "SEK"]
    assert [each.get("properties") or {} for each in found] == [{"channel": "app"}, {}]
    assert {datetime.fromisoformat(each["time"]) for each in found} == {shop.now}


def test_more_pieces_than_a_purchase_holds_go_as_several_and_nonsense_is_listed(
    shop: Shop,
) -> None:
    export(shop, **PURCHASES, properties={"channel": "channel"})
    shop.send(
        ORDER | {"count": 250, "channel": "app"},
        ORDER | {"user_id": "bo", "count": 100},
        ORDER | {"user_id": "cy", "count": 10_001},
        ORDER | {"user_id": "di", "count": 1.5},
    )
    follow(shop)

    found = deeds(shop, "purchases")
    sold = sorted(
        (each["quantity"], (each.get("properties") or {}).get("channel", "")) for each in found
    )
    assert sold == [(50, "app"), (100, ""), (100, "app"), (100, "app")]
    assert {each["price"] for each in found} == {12.5}
    assert sorted(states(shop)) == [("ada", "sent")] * 3 + [("bo", "sent")]
    reason = "an event had no whole quantity from 1 to 10,000 in 'count'"
    assert shop.omissions() == [reason] * 2


def test_what_arrived_before_the_start_is_not_sent(shop: Shop) -> None:
    shop.send(ORDER)
    shop.now += timedelta(seconds=1)
    export(shop, **EVENTS)
    shop.send(ORDER | {"user_id": "bo"})
    follow(shop)

    assert states(shop) == [("bo", "sent")]


def test_a_worker_that_dies_before_its_commit_neither_loses_nor_doubles_an_event(
    shop: Shop,
) -> None:
    export(shop, **PURCHASES)
    shop.send(ORDER | {"message_id": "m1"}, ORDER | {"price": 3})
    with shop.store.connect() as conn:
        enter_live_generation(conn)
        processor = LaneProcessor(shop.bench.contexts, BatchSettings(shop.key))
        assert processor.process(conn, 0, limit=10, now=shop.now).events == 2
        found = conn.execute("SELECT count(*) FROM outbox_queue").fetchone()
        conn.close()
    assert found == (2,)
    assert states(shop) == []
    follow(shop)
    shop.send(ORDER | {"message_id": "m1"})  # the sender was not answered, and says it again
    follow(shop)

    assert [each["price"] for each in deeds(shop, "purchases")] == [12.5, 3]


def test_a_replay_of_history_sends_nothing_again(shop: Shop) -> None:
    export(shop, **EVENTS)
    shop.send(ORDER)
    follow(shop)
    start(shop)
    go_on(shop, until="ready")
    shop.send(ORDER | {"user_id": "bo"})
    shop.work()
    confirm(shop)
    go_on(shop, until="done")
    shop.send(ORDER | {"user_id": "cy"})
    follow(shop)

    assert states(shop) == [("ada", "sent"), ("bo", "sent"), ("cy", "sent")]


def test_people_who_cannot_be_sent_are_omitted_with_the_reason(shop: Shop) -> None:
    export(shop, **PURCHASES)
    shop.send({**ORDER, "user_id": None, "email": "bo@example.com"}, {**ORDER, "price": "free"})
    follow(shop)
    first = sorted(shop.omissions())
    shop.send(ORDER)
    follow(shop)

    assert first == ["an event had no price in 'price'", "no value in field 'user_id'"]
    assert shop.omissions() == ["no value in field 'user_id'"]
    assert states(shop) == [("ada", "sent")]


def test_only_events_of_members_go_and_none_of_the_suppressed_or_unasked(shop: Shop) -> None:
    shop.audience("oslo", 'FILTER city = "Oslo"')
    shop.audience("staff", 'FILTER first_name = "Eve"')
    shop.build()
    consent = {"field": "last_name", "values": ["yes"]}
    export(shop, **EVENTS, audiences=["oslo"], suppressed_by=["staff"], consent=consent)
    member = {"event": "order", "city": "Oslo", "last_name": "yes"}
    shop.send(
        member | {"user_id": "ada"},
        member | {"user_id": "bo", "city": "Rome"},
        member | {"user_id": "cy", "first_name": "Eve"},
        member | {"user_id": "di", "last_name": "no"},
    )
    follow(shop)

    assert states(shop) == [("ada", "sent")]
    assert sorted(shop.omissions()) == [
        "no consent in field 'last_name'",
        "suppressed by audience 'staff'",
    ]


def test_a_paused_job_keeps_events_until_it_is_resumed_and_a_killed_one_sends_none(
    shop: Shop,
) -> None:
    export(shop, **EVENTS)
    step(shop, pause_job)
    shop.send(ORDER)
    follow(shop)
    paused = states(shop)
    step(shop, resume_job)
    shop.deliver()
    resumed = states(shop)
    step(shop, pause_job)
    shop.send(ORDER)
    follow(shop)
    step(shop, kill_job)
    shop.send(ORDER)
    follow(shop)

    assert paused == [("ada", "waiting")]
    assert resumed == [("ada", "sent")]
    assert states(shop) == [("ada", "sent"), ("ada", "waiting")]
    assert len(deeds(shop)) == 1
    with shop.store.transaction() as conn:
        assert forget_items(conn, before=shop.now + timedelta(seconds=1), limit=10) == 2
    assert states(shop) == []


def test_two_jobs_send_the_same_event_each_and_a_change_holds_from_then_on(shop: Shop) -> None:
    export(shop, **EVENTS)
    export(shop, **EVENTS, event_name="Ordered")
    shop.send(ORDER)
    follow(shop)
    shop.change(event_name="Bought")
    shop.send(ORDER)
    shop.run_jobs()
    follow(shop)

    names = sorted(each["name"] for each in deeds(shop))
    assert names == ["Bought", "Ordered", "order", "order"]
    assert shop.state().state == "running"


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"kind": "export_events"}, "which events are sent"),
    ({**EVENTS, "existing_users": True}, "has no meaning here"),
    ({**EVENTS, "properties": {"time": "time"}}, "means something of its own"),
    ({**EVENTS, "properties": {"$a": "a"}}, "no name of a property"),
    ({**EVENTS, "event_name": "x" * 256}, "at most 255"),
    ({**PURCHASES, "currency": ""}, "holds the currency"),
    ({**PURCHASES, "currency": "kroner"}, "no currency"),
    ({**PURCHASES, "price_key": ""}, "product and the price"),
]


def test_what_braze_would_not_take_is_refused(shop: Shop) -> None:
    for options, message in REFUSED:
        with pytest.raises(BadJobError, match=message):
            export(shop, **options)


def test_there_is_nothing_to_clean_up_at_the_end(shop: Shop) -> None:
    export(shop, **EVENTS)
    with pytest.raises(BadJobError, match="back that were sent"):
        shop.delete(clean_up=True)


def test_deliveries_and_logs_speak_of_events_and_of_the_job_that_sends_them(shop: Shop) -> None:
    job = export(shop, **EVENTS)
    shop.run_jobs()
    shop.send(ORDER, ORDER | {"user_id": "bo"})
    follow(shop)

    [delivery] = Deliveries(shop.store).list(shop.account.number, now=shop.now)
    logged = [line.message for line in job_logs(shop.store, shop.account.number, job.id)]
    assert delivery.writes == "Events of Events"
    assert "From now on events are sent as they arrive." in logged
    assert "2 events sent in 1 request." in logged


def test_events_of_quiet_hours_that_drop_are_counted_and_never_sent(shop: Shop) -> None:
    # It is noon in the house.
    export(shop, **EVENTS, quiet={"zone": "UTC", "start": "11:00", "end": "13:00", "drop": True})
    shop.send(ORDER)
    follow(shop)
    dropped = shop.omissions()
    shop.now += timedelta(hours=2)
    shop.send(ORDER)
    follow(shop)

    assert dropped == ["an event came in quiet hours: dropped"]
    assert states(shop) == [("ada", "sent")]
    assert shop.omissions() == []
