"""Currents: what is told, to whom, and what happens when nobody listens."""

from typing import Any

import pytest

from braze_sandbox.catcher import WebhookCatcher, catching_webhooks
from braze_sandbox.testing import RunningSandbox

USER = {"external_id": "u1", "time_zone": "Europe/Lisbon"}
EVENT = {"external_id": "u1", "name": "seen", "time": "2020-01-01", "properties": {"a": 1}}


@pytest.fixture(autouse=True)
def _quick(sandbox: RunningSandbox) -> None:
    sandbox.set(
        currents_retry_base_seconds=0.01,
        currents_denied_seconds=0.01,
        webhook_retry_base_seconds=0.01,
    )
    sandbox.post("/users/track", {"attributes": [USER]})


def listen(sandbox: RunningSandbox, catcher: WebhookCatcher, **more: Any) -> str:
    made = sandbox.call("POST", "/currents", {"url": catcher.url + "/currents", **more})
    return str(made["id"])


def standing(sandbox: RunningSandbox) -> dict[str, Any]:
    (connector,) = sandbox.call("GET", "/currents")["connectors"]
    found: dict[str, Any] = connector
    return found


def wait_until_sent(sandbox: RunningSandbox, count: int) -> None:
    while standing(sandbox)["sent"] + standing(sandbox)["dropped"] < count:
        sandbox.settle()


def told(catcher: WebhookCatcher) -> list[dict[str, Any]]:
    return [event for caught in catcher.caught for event in caught.json()["events"]]


def test_what_users_do_is_told_in_the_custom_http_form(
    sandbox: RunningSandbox, catcher: WebhookCatcher
) -> None:
    listen(sandbox, catcher, token="secret")
    item = {"external_id": "u1", "product_id": "p", "currency": "EUR", "price": 2.5, "quantity": 2}

    sandbox.post("/users/track", {"events": [EVENT], "purchases": [{**item, "time": "2020-01-02"}]})
    sandbox.settle()

    (caught,) = catcher.caught
    assert (caught.method, caught.path) == ("POST", "/currents")
    assert caught.headers["braze-currents-version"] == "1"
    assert caught.headers["authorization"] == "Bearer secret"
    event, first, second = told(catcher)
    assert len({event["id"], first["id"], second["id"]}) == 3
    del event["id"]
    braze_id = sandbox.users()[0]["braze_id"]
    assert event == {
        "event_type": "users.behaviors.CustomEvent",
        "time": 1577836800,
        "user": {"user_id": braze_id, "external_user_id": "u1", "timezone": "Europe/Lisbon"},
        "properties": {"name": "seen", "custom_properties": {"a": 1}},
    }
    assert first["event_type"] == second["event_type"] == "users.behaviors.Purchase"
    assert first["properties"] == {"product_id": "p", "currency": "EUR", "price": 2.5}


def test_what_becomes_of_a_webhook_is_told(
    sandbox: RunningSandbox, catcher: WebhookCatcher
) -> None:
    listen(sandbox, catcher)
    extras = "{% message_extras :key plan :value {{custom_attribute.${plan} | default: 'none'}} %}"
    with catching_webhooks() as receiver:
        receiver.answer_with(503, 200, 404)
        webhook = {"url": receiver.url + "/in", "body": extras}
        campaign = sandbox.add_campaign("C", webhook)
        for _ in range(2):
            sandbox.fire(campaign)
        sandbox.fire(sandbox.add_campaign("A", {**webhook, "body": "{% abort_message('no') %}"}))
        sandbox.settle()

    retry, sent, failure, abort = told(catcher)
    assert [e["event_type"].rpartition(".")[2] for e in (retry, sent, failure, abort)] == [
        "Retry",
        "Send",
        "Failure",
        "Abort",
    ]
    assert sent["properties"]["campaign_name"] == "C"
    assert sent["properties"]["message_extras"] == '{"plan": "none"}'
    failed = failure["properties"]
    assert (failed["http_status_code"], failed["host"], failed["url_path"]) == (
        404,
        "127.0.0.1",
        "/in",
    )
    assert abort["properties"]["abort_log"] == "no"


def test_entries_exits_and_subscriptions_are_told(
    sandbox: RunningSandbox, catcher: WebhookCatcher
) -> None:
    listen(sandbox, catcher)
    group = "7c1bd2a6-6b0f-4f0e-9d0e-0f6f0d1f7f11"
    canvas = {
        "name": "V",
        "steps": [{"type": "delay", "seconds": 3600}],
        "schedule_type": "action_based",
        "event": "in",
        "exit_event": "out",
    }
    sandbox.call("POST", "/canvases", canvas)

    sandbox.post("/users/track", {"events": [{**EVENT, "name": "in"}]})
    sandbox.post("/users/track", {"events": [{**EVENT, "name": "out"}]})
    state = {"subscription_group_id": group, "subscription_state": "subscribed"}
    sandbox.post("/subscription/status/set", {**state, "external_id": "u1"})
    item = {"external_id": "u1", "email_subscribe": "unsubscribed"}
    sandbox.post("/users/track", {"attributes": [item]})
    sandbox.settle()

    kinds = [e["event_type"] for e in told(catcher) if "CustomEvent" not in e["event_type"]]
    assert kinds == [
        "users.canvas.Entry",
        "users.canvas.exit.PerformedEvent",
        "users.behaviors.subscriptiongroup.StateChange",
        "users.behaviors.subscription.GlobalStateChange",
    ]


def test_a_connector_hears_only_what_it_asks_for(
    sandbox: RunningSandbox, catcher: WebhookCatcher
) -> None:
    listen(sandbox, catcher, events=["users.behaviors.Purchase"])

    sandbox.post("/users/track", {"events": [EVENT]})
    sandbox.settle()

    assert catcher.caught == []


def test_a_batch_holds_a_hundred(sandbox: RunningSandbox, catcher: WebhookCatcher) -> None:
    sandbox.set(currents_batch=3)
    listen(sandbox, catcher)

    sandbox.post("/users/track", {"events": [EVENT] * 7})
    sandbox.settle()

    assert [len(caught.json()["events"]) for caught in catcher.caught] == [3, 3, 1]


@pytest.mark.parametrize("status", [0, 401, 403, 404, 429, 500, 503])
def test_events_wait_until_the_server_takes_them(
    sandbox: RunningSandbox, catcher: WebhookCatcher, status: int
) -> None:
    listen(sandbox, catcher)
    catcher.answer_with(status, status)

    sandbox.post("/users/track", {"events": [EVENT, EVENT]})
    wait_until_sent(sandbox, 2)

    assert [len(caught.json()["events"]) for caught in catcher.caught] == [2, 2, 2]
    shown = standing(sandbox)
    assert (shown["waiting"], shown["sent"], shown["dropped"], shown["requests"]) == (0, 2, 0, 3)


def test_a_refused_batch_goes_one_by_one_and_what_is_refused_again_is_dropped(
    sandbox: RunningSandbox, catcher: WebhookCatcher
) -> None:
    listen(sandbox, catcher)
    catcher.answer_with(400, 200, 400, 200)

    sandbox.post("/users/track", {"events": [EVENT] * 3})
    wait_until_sent(sandbox, 3)

    assert [len(caught.json()["events"]) for caught in catcher.caught] == [3, 1, 1, 1]
    assert (standing(sandbox)["sent"], standing(sandbox)["dropped"]) == (2, 1)


def test_too_large_a_batch_is_halved(sandbox: RunningSandbox, catcher: WebhookCatcher) -> None:
    listen(sandbox, catcher)
    catcher.answer_with(413)

    sandbox.post("/users/track", {"events": [EVENT] * 4})
    wait_until_sent(sandbox, 4)

    assert [len(caught.json()["events"]) for caught in catcher.caught] == [4, 2, 2]


def test_a_removed_connector_hears_nothing_more(
    sandbox: RunningSandbox, catcher: WebhookCatcher
) -> None:
    connector = listen(sandbox, catcher)
    sandbox.call("DELETE", f"/currents/{connector}")

    sandbox.post("/users/track", {"events": [EVENT]})
    sandbox.settle()

    assert catcher.caught == []
