"""Sends by API, campaigns that react to events, and what users remember of them."""

from typing import Any

import pytest

from braze_sandbox.catcher import WebhookCatcher
from braze_sandbox.testing import RunningSandbox

BODY = {"id": "{{${user_id}}}", "code": "{{api_trigger_properties.${code}}}"}


@pytest.fixture(autouse=True)
def _users(sandbox: RunningSandbox) -> None:
    sandbox.set(webhook_retry_base_seconds=0.01)
    items = [{"external_id": f"u{n}", "vip": n < 2, "email": f"u{n}@example.com"} for n in range(4)]
    sandbox.post("/users/track", {"attributes": items})


def vip(*, value: bool = True) -> dict[str, Any]:
    content = {"custom_attribute_name": "vip", "comparison": "equals", "value": value}
    return {"custom_attribute": content}


def trigger(sandbox: RunningSandbox, campaign_id: str, **body: Any) -> Any:
    return sandbox.post("/campaigns/trigger/send", {"campaign_id": campaign_id, **body})


def sent(sandbox: RunningSandbox, catcher: WebhookCatcher) -> list[Any]:
    sandbox.settle()
    return sorted((caught.json() for caught in catcher.caught), key=str)


def test_a_triggered_campaign_reaches_each_recipient_once_with_its_properties(
    sandbox: RunningSandbox, catcher: WebhookCatcher
) -> None:
    campaign = sandbox.add_campaign("C", {"url": catcher.url, "body": BODY})
    recipients = [
        {"external_user_id": "u1", "trigger_properties": {"code": "own"}},
        {"external_user_id": "u1", "trigger_properties": {"code": "again"}},
        {"email": "u2@example.com", "prioritization": ["identified"]},
        {"external_user_id": "nobody"},
    ]

    answer = trigger(
        sandbox, campaign, recipients=recipients, trigger_properties={"code": "shared"}
    )

    assert answer.status == 201
    assert list(answer.json()) == ["dispatch_id", "message"]
    assert len(answer.json()["dispatch_id"]) == 32
    assert sent(sandbox, catcher) == [{"id": "u1", "code": "own"}, {"id": "u2", "code": "shared"}]
    report = sandbox.call("GET", f"/firings/{answer.json()['dispatch_id']}")
    assert report["matched"] == 2


def test_only_members_of_the_segment_are_reached(
    sandbox: RunningSandbox, catcher: WebhookCatcher
) -> None:
    campaign = sandbox.add_campaign("C", {"url": catcher.url, "body": BODY}, filter=vip())
    recipients = [{"external_user_id": f"u{n}"} for n in range(4)]

    trigger(sandbox, campaign, recipients=recipients)

    assert [item["id"] for item in sent(sandbox, catcher)] == ["u0", "u1"]


@pytest.mark.parametrize(
    ("scope", "limit"), [({"broadcast": True}, "250"), ({"audience": vip()}, "10")]
)
def test_a_segment_is_addressed_as_a_whole(
    sandbox: RunningSandbox, catcher: WebhookCatcher, scope: dict[str, Any], limit: str
) -> None:
    campaign = sandbox.add_campaign("C", {"url": catcher.url, "body": BODY}, filter=vip())

    answer = trigger(sandbox, campaign, **scope)

    assert answer.headers["x-ratelimit-limit"] == limit
    assert [item["id"] for item in sent(sandbox, catcher)] == ["u0", "u1"]


def test_attributes_are_written_before_the_send_and_may_create_the_user(
    sandbox: RunningSandbox, catcher: WebhookCatcher
) -> None:
    body = {"id": "{{${user_id}}}", "city": "{{${city}}}"}
    campaign = sandbox.add_campaign("C", {"url": catcher.url, "body": body})
    new = {"attributes": {"home_city": "Bonn"}, "send_to_existing_only": False}

    trigger(sandbox, campaign, recipients=[{"external_user_id": "new", **new}])

    assert sent(sandbox, catcher) == [{"id": "new", "city": "Bonn"}]


@pytest.mark.parametrize("status", ["paused", "stopped", "archived", "draft"])
def test_what_is_not_active_sends_nothing_and_says_so(
    sandbox: RunningSandbox, catcher: WebhookCatcher, status: str
) -> None:
    campaign = sandbox.add_campaign("C", {"url": catcher.url})
    sandbox.call("PATCH", f"/campaigns/{campaign}", {"status": status})

    answer = trigger(sandbox, campaign, broadcast=True)

    assert answer.status == 201
    assert status in answer.json()["notice"]
    assert sandbox.call("GET", "/activity")["activity"] == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "No Recipients"),
        ({"broadcast": True, "recipients": [{"external_user_id": "u1"}]}, "exclude each other"),
        ({"recipients": [{"external_user_id": "u1"}] * 51}, "max number of external_ids"),
        ({"recipients": [{}]}, "each recipient needs"),
        ({"recipients": [{"email": "a@example.com"}]}, "prioritization"),
        (
            {"recipients": [{"external_user_id": "u1", "send_to_existing_only": False}]},
            "needs 'attributes'",
        ),
        ({"broadcast": True, "trigger_properties": {"x": "y" * 51200}}, "at most 50 KB"),
        ({"campaign_id": "nope", "broadcast": True}, "Invalid Campaign ID"),
        ({"audience": {"x": 1}}, "segment filter"),
    ],
)
def test_an_unfit_send_is_refused(
    sandbox: RunningSandbox, body: dict[str, Any], message: str
) -> None:
    campaign = sandbox.add_campaign("C", {"url": "http://127.0.0.1:1"})

    answer = sandbox.post("/campaigns/trigger/send", {"campaign_id": campaign, **body})

    assert answer.status == 400
    assert message in answer.json()["message"]


def test_a_webhook_can_stand_in_the_request(
    sandbox: RunningSandbox, catcher: WebhookCatcher
) -> None:
    webhook = {
        "url": f"{catcher.url}/{{{{${{user_id}}}}}}",
        "request_method": "PUT",
        "request_headers": {"X-A": "b"},
        "body": '{"id": "{{${user_id}}}"}',
    }

    answer = sandbox.post(
        "/messages/send", {"external_user_ids": ["u1", "u3"], "messages": {"webhook": webhook}}
    )

    assert (answer.status, list(answer.json())) == (201, ["dispatch_id", "message"])
    assert [item["id"] for item in sent(sandbox, catcher)] == ["u1", "u3"]
    assert {(c.method, c.headers["x-a"]) for c in catcher.caught} == {("PUT", "b")}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"external_user_ids": ["u1"]}, "No message to send"),
        ({"messages": {"webhook": {"url": "http://x"}}}, "No Recipients"),
        (
            {"external_user_ids": ["u1"] * 51, "messages": {"webhook": {"url": "http://x"}}},
            "The max number of external_ids and aliases per request was exceeded",
        ),
        ({"external_user_ids": ["u1"], "messages": {"webhook": {}}}, "'webhook' needs a 'url'"),
        (
            {
                "external_user_ids": ["u1"],
                "campaign_id": "c",
                "messages": {"webhook": {"url": "http://x"}},
            },
            "Message Variant Unspecified",
        ),
    ],
)
def test_an_unfit_message_is_refused(
    sandbox: RunningSandbox, body: dict[str, Any], message: str
) -> None:
    answer = sandbox.post("/messages/send", body)

    assert (answer.status, answer.json()) == (400, {"message": message})


def test_an_action_based_campaign_goes_to_who_does_it(
    sandbox: RunningSandbox, catcher: WebhookCatcher
) -> None:
    body = {"id": "{{${user_id}}}", "item": "{{event_properties.${item}}}"}
    action = {"schedule_type": "action_based", "event": "bought"}
    sandbox.add_campaign("C", {"url": catcher.url, "body": body}, filter=vip(), **action)
    events = [
        {"external_id": who, "name": name, "time": "2020-01-01", "properties": {"item": "hat"}}
        for who, name in (("u1", "bought"), ("u3", "bought"), ("u0", "looked"))
    ]

    sandbox.post("/users/track", {"events": events})

    assert sent(sandbox, catcher) == [{"id": "u1", "item": "hat"}]


def test_users_remember_what_they_received(
    sandbox: RunningSandbox, catcher: WebhookCatcher
) -> None:
    campaign = sandbox.add_campaign("Welcome", {"url": catcher.url})

    sandbox.fire(campaign, external_ids=["u1"])

    users = sandbox.post("/users/export/ids", {"external_ids": ["u1", "u2"]}).json()["users"]
    (received,) = users[0]["campaigns_received"]
    assert list(received) == [
        "name",
        "api_campaign_id",
        "last_received",
        "in_control",
        "variation_name",
        "variation_api_id",
    ]
    assert (received["name"], received["api_campaign_id"]) == ("Welcome", campaign)
    assert "campaigns_received" not in users[1]
    details = sandbox.get("/campaigns/details", campaign_id=campaign).json()
    assert details["first_sent"] is not None
    assert details["first_sent"] == details["last_sent"]


def test_the_global_control_group_receives_nothing(
    sandbox: RunningSandbox, catcher: WebhookCatcher
) -> None:
    sandbox.set(global_control_buckets=10_000)
    campaign = sandbox.add_campaign("C", {"url": catcher.url})

    assert sandbox.fire(campaign)["matched"] == 0
    assert catcher.caught == []


def test_a_host_that_fails_too_often_is_left_alone(
    sandbox: RunningSandbox, catcher: WebhookCatcher
) -> None:
    sandbox.set(webhook_unhealthy_failures=2, webhook_retries=0, webhook_concurrency=1)
    catcher.answer_with(*[503] * 3)
    campaign = sandbox.add_campaign("C", {"url": catcher.url})

    report = sandbox.fire(campaign)

    assert (report["matched"], report["failed"], len(catcher.caught)) == (4, 4, 3)
    line = sandbox.call("GET", "/activity")["activity"][0]
    assert (line["status"], line["attempts"]) == (598, 0)


def test_each_audience_has_a_limit_of_its_own(
    sandbox: RunningSandbox, catcher: WebhookCatcher
) -> None:
    sandbox.set(limits={"messages.audience": "1/h"})
    campaign = sandbox.add_campaign("C", {"url": catcher.url})

    statuses = [
        trigger(sandbox, campaign, audience=audience).status
        for audience in (vip(), vip(), vip(value=False))
    ]

    assert statuses == [201, 429, 201]
    sandbox.settle()
