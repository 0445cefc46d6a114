from datetime import UTC, datetime
from typing import Any

import pytest

from braze_sandbox.testing import RunningSandbox

EVENT = {"external_id": "u1", "name": "watched", "time": "2020-06-10T10:00:00Z"}
PURCHASE = {
    "external_id": "u1",
    "product_id": "sku",
    "currency": "EUR",
    "price": 0.1,
    "time": "2020-06-10T10:00:00Z",
}


def error_of(sandbox: RunningSandbox, array: str, item: dict[str, Any]) -> str:
    answer = sandbox.post("/users/track", {array: [item]})
    assert answer.status == 400, answer.text
    return str(answer.json()["errors"][0]["type"])


def test_events_are_stored_each_and_counted(sandbox: RunningSandbox) -> None:
    later = {**EVENT, "time": "2020-06-11 10:00:00 +0200", "properties": {"k": [1]}}

    answer = sandbox.post("/users/track", {"events": [EVENT, EVENT, later]})

    assert answer.json() == {"events_processed": 3, "message": "success"}
    assert [event["properties"] for event in sandbox.call("GET", "/events")["events"]] == [
        {},
        {},
        {"k": [1]},
    ]
    assert sandbox.users()[0]["custom_events"] == {
        "watched": {
            "count": 3,
            "first": "2020-06-10T10:00:00.000Z",
            "last": "2020-06-11T08:00:00.000Z",
        }
    }


def test_an_event_of_an_unknown_user_creates_it(sandbox: RunningSandbox) -> None:
    sandbox.post("/users/track", {"events": [EVENT]})

    assert sandbox.user("u1") is not None


def test_a_future_time_becomes_now(sandbox: RunningSandbox) -> None:
    sandbox.post("/users/track", {"events": [{**EVENT, "time": "2999-01-01"}]})

    (event,) = sandbox.call("GET", "/events")["events"]

    assert datetime.fromisoformat(event["time"]) <= datetime.now(UTC)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"name": None}, "'name' is required"),
        ({"name": 5}, "'name' is not valid"),
        ({"time": None}, "'time' is required"),
        ({"time": "soon"}, "'time' is not valid"),
        ({"properties": []}, "'properties' is not valid"),
        ({"properties": {"$x": 1}}, "'properties' is not valid"),
        ({"properties": {"": 1}}, "'properties' is not valid"),
        ({"properties": {"time": 1}}, "'properties' is not valid"),
        ({"properties": {"event_name": 1}}, "'properties' is not valid"),
        ({"properties": {"k": "x" * 102_400}}, "'properties' is not valid"),
    ],
)
def test_unfit_events_are_refused(
    sandbox: RunningSandbox, change: dict[str, Any], reason: str
) -> None:
    assert error_of(sandbox, "events", {**EVENT, **change}) == reason


def test_a_purchase_counts_its_quantity_and_revenue_exactly(sandbox: RunningSandbox) -> None:
    items = [{**PURCHASE, "quantity": 3}, PURCHASE]

    answer = sandbox.post("/users/track", {"purchases": items})

    assert answer.json() == {"purchases_processed": 2, "message": "success"}
    (user,) = sandbox.users()
    assert user["purchases"]["sku"]["count"] == 4
    assert user["total_revenue"] == 0.4
    assert len(sandbox.call("GET", "/purchases")["purchases"]) == 2


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"quantity": 101}, "'quantity' is not valid"),
        ({"quantity": 0}, "'quantity' is not valid"),
        ({"quantity": "2"}, "'quantity' is not valid"),
        ({"price": "2"}, "'price' is not valid"),
        ({"currency": "euro"}, "'currency' is not valid"),
        ({"currency": "XYZ"}, "'currency' is not valid"),
        ({"product_id": None}, "'product_id' is required"),
        ({"product_id": "p" * 256}, "'product_id' is not valid"),
        ({"properties": {"k": "x" * 51_200}}, "'properties' is not valid"),
    ],
)
def test_unfit_purchases_are_refused(
    sandbox: RunningSandbox, change: dict[str, Any], reason: str
) -> None:
    assert error_of(sandbox, "purchases", {**PURCHASE, **change}) == reason


def test_attributes_are_applied_before_events_and_purchases(sandbox: RunningSandbox) -> None:
    alias = {"alias_name": "a", "alias_label": "l"}
    body = {
        "purchases": [{**PURCHASE, "external_id": None, "user_alias": alias}],
        "events": [{**EVENT, "external_id": None, "user_alias": alias}],
        "attributes": [{"user_alias": alias, "_update_existing_only": False, "x": 1}],
    }

    sandbox.post("/users/track", body)

    (user,) = sandbox.users()
    assert user["custom_events"]["watched"]["count"] == 1
    assert user["purchases"]["sku"]["count"] == 1


def test_stored_events_are_paged(sandbox: RunningSandbox) -> None:
    sandbox.post("/users/track", {"events": [EVENT] * 5})

    first = sandbox.call("GET", "/events", limit=3)
    second = sandbox.call("GET", "/events", limit=3, after=first["next"])

    assert (len(first["events"]), len(second["events"]), second["next"]) == (3, 2, None)


def test_products_beyond_the_limit_are_dropped(sandbox: RunningSandbox) -> None:
    sandbox.set(product_ids=2)
    item = {"external_id": "u1", "currency": "EUR", "price": 1, "time": "2020-01-01"}

    items = [{**item, "product_id": name} for name in ("a", "b", "c", "a")]
    assert sandbox.post("/users/track", {"purchases": items}).status == 201

    user = sandbox.user("u1")
    assert user is not None
    assert {name: tally["count"] for name, tally in user["purchases"].items()} == {"a": 2, "b": 1}
    (notice,) = sandbox.call("GET", "/notices")["notices"]
    assert (notice["attribute"], "2 product ids" in notice["reason"]) == ("c", True)
