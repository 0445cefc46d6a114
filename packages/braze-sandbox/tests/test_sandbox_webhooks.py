import re
import time
from typing import Any

import pytest

from braze_sandbox import LYTICS_WEBHOOK_BODY, lytics_webhook_body
from braze_sandbox.catcher import WebhookCatcher
from braze_sandbox.testing import RunningSandbox, SandboxCallError

IN_A = {
    "custom_attribute": {
        "custom_attribute_name": "tags",
        "comparison": "includes_value",
        "value": "a",
    }
}


@pytest.fixture(autouse=True)
def _quick(sandbox: RunningSandbox) -> None:
    sandbox.set(webhook_retry_base_seconds=0.01)
    items = [
        {"external_id": f"u{n}", "first_name": f"Name {n}", "tags": ["a"] if n < 3 else ["b"]}
        for n in range(5)
    ]
    assert sandbox.post("/users/track", {"attributes": items}).status == 201


def campaign(sandbox: RunningSandbox, catcher: WebhookCatcher, **webhook: Any) -> str:
    return sandbox.add_campaign("Welcome", {"url": f"{catcher.url}/in", **webhook}, filter=IN_A)


def test_firing_sends_one_request_to_each_member(
    sandbox: RunningSandbox, catcher: WebhookCatcher
) -> None:
    body = {"id": "{{${user_id}}}", "name": "{{${first_name}}}", "from": "{{campaign.${name}}}"}
    campaign_id = campaign(sandbox, catcher, body=body)

    report = sandbox.fire(campaign_id)

    assert (report["matched"], report["sent"], report["succeeded"], report["failed"]) == (
        3,
        3,
        3,
        0,
    )
    assert report["state"] == "done"
    assert sorted(caught.json()["name"] for caught in catcher.caught) == [
        "Name 0",
        "Name 1",
        "Name 2",
    ]
    first = catcher.caught[0]
    assert (first.method, first.path) == ("POST", "/in")
    assert first.headers["content-type"] == "application/json"
    assert re.fullmatch(r"Braze Sender [0-9a-f]{40}", first.headers["user-agent"])
    assert first.json()["from"] == "Welcome"


def test_raw_bodies_headers_and_urls_are_templates(
    sandbox: RunningSandbox, catcher: WebhookCatcher
) -> None:
    campaign_id = sandbox.add_campaign(
        "Raw",
        {
            "url": catcher.url + "/{{${user_id}}}?n={{${first_name} | url_param_escape}}",
            "method": "PUT",
            "headers": {"X-User": "{{${user_id}}}"},
            "body": '{"tags": {{custom_attribute.${tags} | as_json_string}}}',
        },
    )

    sandbox.fire(campaign_id, external_ids=["u1"])

    (caught,) = catcher.caught
    assert (caught.method, caught.path) == ("PUT", "/u1?n=Name%201")
    assert caught.headers["x-user"] == "u1"
    assert caught.headers["content-type"] == "application/json"
    assert caught.json() == {"tags": ["a"]}


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("a={{${user_id}}}&b=2", "application/x-www-form-urlencoded"),
        ("hello {{${first_name}}}", "text/plain"),
    ],
)
def test_the_content_type_is_inferred(
    sandbox: RunningSandbox, catcher: WebhookCatcher, body: str, content_type: str
) -> None:
    sandbox.fire(campaign(sandbox, catcher, body=body))

    assert {caught.headers["content-type"] for caught in catcher.caught} == {content_type}


def test_the_lytics_body_has_its_twelve_keys_with_values_or_blanks(
    sandbox: RunningSandbox, catcher: WebhookCatcher
) -> None:
    assert sandbox.call("GET", "/presets/lytics_webhook_body") == LYTICS_WEBHOOK_BODY
    preset = sandbox.call("GET", "/presets/lytics_webhook_body", external_id=1)
    assert preset == lytics_webhook_body(external_id=True)

    sandbox.fire(campaign(sandbox, catcher, body=preset), external_ids=["u1"])

    sent = catcher.caught[0].json()
    assert len(sent) == 13
    assert (sent["first_name"], sent["external_id"], sent["city"]) == ("Name 1", "u1", "")
    assert sent["braze_id"] == sandbox.users()[1]["braze_id"]


@pytest.mark.parametrize("status", [408, 429, 500, 503, 0])
def test_a_passing_failure_is_tried_again(
    sandbox: RunningSandbox, catcher: WebhookCatcher, status: int
) -> None:
    catcher.answer_with(status, status)

    report = sandbox.fire(campaign(sandbox, catcher), external_ids=["u1"])

    assert (report["succeeded"], report["attempts"]) == (1, 3)
    (line,) = sandbox.call("GET", "/activity")["activity"]
    assert (line["outcome"], line["status"], line["attempts"]) == ("succeeded", 200, 3)


@pytest.mark.parametrize("status", [301, 400, 401, 404])
def test_a_lasting_failure_is_not(
    sandbox: RunningSandbox, catcher: WebhookCatcher, status: int
) -> None:
    catcher.answer_with(status)

    report = sandbox.fire(campaign(sandbox, catcher), external_ids=["u1"])

    assert (report["failed"], report["attempts"]) == (1, 1)
    assert len(catcher.caught) == 1
    assert sandbox.call("GET", "/activity")["activity"][0]["status"] == status


def test_after_five_retries_braze_gives_up(
    sandbox: RunningSandbox, catcher: WebhookCatcher
) -> None:
    catcher.answer_with(*[503] * 10)

    report = sandbox.fire(campaign(sandbox, catcher), external_ids=["u1"])

    assert (report["failed"], report["attempts"]) == (1, 6)


def test_an_unreachable_receiver_is_599(sandbox: RunningSandbox) -> None:
    sandbox.set(webhook_retries=1)
    campaign_id = sandbox.add_campaign("Gone", {"url": "http://127.0.0.1:1/"}, filter=IN_A)

    report = sandbox.fire(campaign_id, external_ids=["u1"])

    assert (report["failed"], report["attempts"]) == (1, 2)
    (line,) = sandbox.call("GET", "/activity")["activity"]
    assert line["status"] == 599
    assert "Connect" in line["error"]


def test_an_aborted_message_is_not_sent(sandbox: RunningSandbox, catcher: WebhookCatcher) -> None:
    body = "{% if ${user_id} == 'u1' %}{% abort_message('not u1') %}{% endif %}x"

    report = sandbox.fire(campaign(sandbox, catcher, body=body))

    assert (report["matched"], report["sent"], report["aborted"]) == (3, 2, 1)
    reasons = [line["error"] for line in sandbox.call("GET", "/activity")["activity"]]
    assert "not u1" in reasons


def test_the_segment_is_that_of_the_moment_of_sending(
    sandbox: RunningSandbox, catcher: WebhookCatcher
) -> None:
    segment = sandbox.add_segment("In a", IN_A)
    campaign_id = sandbox.add_campaign("Later", {"url": catcher.url}, segment_id=segment)
    change = {"external_id": "u0", "tags": {"remove": ["a"]}}
    sandbox.post("/users/track", {"attributes": [change]})

    assert sandbox.fire(campaign_id)["matched"] == 2


def test_firing_can_answer_at_once(sandbox: RunningSandbox, catcher: WebhookCatcher) -> None:
    report = sandbox.fire(campaign(sandbox, catcher), wait=False)
    assert report["state"] == "running"

    deadline = time.monotonic() + 10
    while report["state"] == "running":
        assert time.monotonic() < deadline
        report = sandbox.call("GET", f"/firings/{report['dispatch_id']}")

    assert report["succeeded"] == 3


def test_a_test_send_shows_what_the_receiver_said(
    sandbox: RunningSandbox, catcher: WebhookCatcher
) -> None:
    campaign_id = campaign(sandbox, catcher, body="{{campaign.${dispatch_id}}}")

    shown = sandbox.call("POST", f"/campaigns/{campaign_id}/test", {"external_id": "u4"})

    assert (shown["status"], shown["response"]) == (200, '{"caught":true}')
    assert catcher.caught[0].body == b"dispatch_id_for_unsent_campaign"


def test_mistakes_in_a_campaign_are_explained_when_it_is_made(
    sandbox: RunningSandbox, catcher: WebhookCatcher
) -> None:
    with pytest.raises(SandboxCallError, match="no valid Liquid"):
        campaign(sandbox, catcher, body="{% if x %}")
    with pytest.raises(SandboxCallError, match="There is no segment"):
        sandbox.add_campaign("x", {"url": catcher.url}, segment_id="nope")
    with pytest.raises(SandboxCallError, match="method"):
        campaign(sandbox, catcher, method="PATCH")
    with pytest.raises(SandboxCallError, match="There is no campaign"):
        sandbox.fire("nope")


def test_a_thousand_members_are_sent_to_with_bounded_concurrency(
    sandbox: RunningSandbox, catcher: WebhookCatcher
) -> None:
    for start in range(0, 1000, 75):
        ids = range(start, min(start + 75, 1000))
        items = [{"external_id": f"m{n}", "tags": ["a"]} for n in ids]
        sandbox.post("/users/track", {"attributes": items})

    report = sandbox.fire(campaign(sandbox, catcher, body={"id": "{{${user_id}}}"}))

    assert report["succeeded"] == 1003
    assert len({caught.json()["id"] for caught in catcher.caught}) == 1003
