"""Sends that wait for their time."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from braze_sandbox.catcher import WebhookCatcher
from braze_sandbox.testing import Answer, RunningSandbox, running_sandbox

BODY = {"id": "{{${user_id}}}"}


def in_time(**more: float) -> dict[str, Any]:
    moment = datetime.now(UTC) + timedelta(**more)
    return {"schedule": {"time": moment.isoformat()}}


def order(sandbox: RunningSandbox, catcher: WebhookCatcher, **more: float) -> Answer:
    sandbox.post("/users/track", {"attributes": [{"external_id": "u1"}]})
    webhook = {"url": catcher.url, "body": '{"id":"{{${user_id}}}"}'}
    body = {"external_user_ids": ["u1"], "messages": {"webhook": webhook}, **in_time(**more)}
    return sandbox.post("/messages/schedule/create", body)


def waiting(sandbox: RunningSandbox) -> int:
    return len(sandbox.call("GET", "/schedules")["schedules"])


def test_a_message_is_sent_at_its_time_by_itself(
    sandbox: RunningSandbox, catcher: WebhookCatcher
) -> None:
    answer = order(sandbox, catcher, milliseconds=50)

    assert answer.status == 201
    assert list(answer.json()) == ["dispatch_id", "schedule_id", "message"]
    while waiting(sandbox):
        sandbox.settle()
    sandbox.settle()
    assert [caught.json() for caught in catcher.caught] == [{"id": "u1"}]


def test_a_send_can_be_forgotten(sandbox: RunningSandbox, catcher: WebhookCatcher) -> None:
    schedule = order(sandbox, catcher, hours=1).json()["schedule_id"]

    deleted = sandbox.post("/messages/schedule/delete", {"schedule_id": schedule})

    assert (deleted.status, deleted.json()) == (201, {"message": "success"})
    assert sandbox.call("POST", "/schedules/hurry") == {"sent": 0}
    assert sandbox.post("/messages/schedule/delete", {"schedule_id": schedule}).status == 400


def test_campaigns_and_canvases_wait_too(sandbox: RunningSandbox, catcher: WebhookCatcher) -> None:
    sandbox.post("/users/track", {"attributes": [{"external_id": "u1"}]})
    webhook = {"url": catcher.url, "body": BODY}
    campaign = sandbox.add_campaign("C", webhook)
    steps = [{"type": "message", "webhook": webhook}]
    canvas = sandbox.call("POST", "/canvases", {"name": "V", "steps": steps})["id"]
    shared = {"recipients": [{"external_user_id": "u1"}], **in_time(hours=1)}

    for path, more in (("campaigns", {"campaign_id": campaign}), ("canvas", {"canvas_id": canvas})):
        answer = sandbox.post(f"/{path}/trigger/schedule/create", {**shared, **more})
        assert answer.status == 201, answer.text
    assert waiting(sandbox) == 2

    assert sandbox.call("POST", "/schedules/hurry") == {"sent": 2}
    sandbox.settle()
    assert [caught.json() for caught in catcher.caught] == [{"id": "u1"}] * 2


def test_what_waits_is_sent_after_a_restart(catcher: WebhookCatcher, tmp_path: Path) -> None:
    with running_sandbox(state=tmp_path) as first:
        order(first, catcher, hours=1)

    with running_sandbox(state=tmp_path) as second:
        assert second.call("POST", "/schedules/hurry") == {"sent": 1}
        second.settle()

    assert len(catcher.caught) == 1


@pytest.mark.parametrize("schedule", [None, {}, {"time": "soon"}])
def test_a_time_that_cannot_be_read_is_refused(sandbox: RunningSandbox, schedule: Any) -> None:
    messages = {"webhook": {"url": "http://127.0.0.1:1"}}
    body = {"external_user_ids": ["u1"], "messages": messages, "schedule": schedule}

    answer = sandbox.post("/messages/schedule/create", body)

    assert answer.status == 400
    assert "cannot parse send_at" in answer.json()["message"]


def test_unknown_campaigns_and_canvases_are_refused(sandbox: RunningSandbox) -> None:
    for path, message in (("campaigns", "Invalid Campaign ID"), ("canvas", "Invalid Canvas ID")):
        answer = sandbox.post(f"/{path}/trigger/schedule/create", in_time(hours=1))
        assert (answer.status, answer.json()) == (400, {"message": message})


def test_a_reset_forgets_what_waits(sandbox: RunningSandbox, catcher: WebhookCatcher) -> None:
    order(sandbox, catcher, hours=1)

    sandbox.reset()

    assert waiting(sandbox) == 0
