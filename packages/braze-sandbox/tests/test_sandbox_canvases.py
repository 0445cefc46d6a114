"""Canvases: entry, delay, message, exit."""

from pathlib import Path
from typing import Any

import pytest

from braze_sandbox.catcher import WebhookCatcher
from braze_sandbox.testing import RunningSandbox, SandboxCallError, running_sandbox


@pytest.fixture(autouse=True)
def _users(sandbox: RunningSandbox) -> None:
    items = [{"external_id": f"u{n}", "tags": ["a"] if n < 2 else []} for n in range(3)]
    sandbox.post("/users/track", {"attributes": items})


IN_A = {
    "custom_attribute": {
        "custom_attribute_name": "tags",
        "comparison": "includes_value",
        "value": "a",
    }
}


def message(catcher: WebhookCatcher, name: str, **body: str) -> dict[str, Any]:
    webhook = {"url": f"{catcher.url}/{name}", "body": {"id": "{{${user_id}}}", **body}}
    return {"type": "message", "name": name, "webhook": webhook}


def delay(seconds: float = 3600) -> dict[str, Any]:
    return {"type": "delay", "seconds": seconds}


def canvas(sandbox: RunningSandbox, *steps: dict[str, Any], **more: Any) -> str:
    made = sandbox.call("POST", "/canvases", {"name": "Welcome", "steps": steps, **more})
    return str(made["id"])


def event(name: str, who: str = "u0", **properties: Any) -> dict[str, Any]:
    return {"external_id": who, "name": name, "time": "2020-01-01", "properties": properties}


def ways(catcher: WebhookCatcher) -> list[tuple[str, str]]:
    return sorted((caught.path[1:], caught.json()["id"]) for caught in catcher.caught)


def states(sandbox: RunningSandbox, canvas_id: str) -> list[str]:
    found = sandbox.call("GET", f"/canvases/{canvas_id}/journeys")["journeys"]
    return [journey["state"] for journey in found]


def test_members_pass_the_steps_in_their_order(
    sandbox: RunningSandbox, catcher: WebhookCatcher
) -> None:
    steps = [message(catcher, "first"), delay(), message(catcher, "second")]
    canvas_id = canvas(sandbox, *steps, filter=IN_A)

    assert sandbox.call("POST", f"/canvases/{canvas_id}/launch") == {"entered": 2}

    assert ways(catcher) == [("first", "u0"), ("first", "u1")]
    assert states(sandbox, canvas_id) == ["on_the_way"] * 2
    assert sandbox.call("POST", f"/canvases/{canvas_id}/hurry") == {"hurried": 2}
    assert ways(catcher)[2:] == [("second", "u0"), ("second", "u1")]
    assert states(sandbox, canvas_id) == ["finished"] * 2


def test_a_delay_ends_by_itself(sandbox: RunningSandbox, catcher: WebhookCatcher) -> None:
    canvas_id = canvas(sandbox, delay(0.05), message(catcher, "later"))

    trigger(sandbox, canvas_id, recipients=[{"external_user_id": "u2"}])

    while states(sandbox, canvas_id) != ["finished"]:
        sandbox.settle()
    assert ways(catcher) == [("later", "u2")]


def trigger(sandbox: RunningSandbox, canvas_id: str, **body: Any) -> Any:
    answer = sandbox.post("/canvas/trigger/send", {"canvas_id": canvas_id, **body})
    sandbox.settle()
    return answer


@pytest.mark.parametrize("key", ["context", "canvas_entry_properties"])
def test_a_triggered_entry_carries_its_properties(
    sandbox: RunningSandbox, catcher: WebhookCatcher, key: str
) -> None:
    texts = {"new": "{{context.${code}}}", "old": "{{canvas_entry_properties.${code}}}"}
    names = {"canvas": "{{canvas.${name}}}", "step": "{{campaign.${message_name}}}"}
    canvas_id = canvas(sandbox, message(catcher, "m", **texts, **names))

    answer = trigger(
        sandbox, canvas_id, recipients=[{"external_user_id": "u2", key: {"code": "x"}}]
    )

    assert (answer.status, list(answer.json())) == (201, ["dispatch_id", "message"])
    (caught,) = catcher.caught
    assert caught.json() == {"id": "u2", "new": "x", "old": "x", "canvas": "Welcome", "step": "m"}


def test_users_go_on_whatever_becomes_of_a_message(
    sandbox: RunningSandbox, catcher: WebhookCatcher
) -> None:
    sandbox.set(webhook_retries=0)
    catcher.answer_with(500)
    aborted = message(catcher, "aborted", x="{% abort_message('not now') %}")
    canvas_id = canvas(sandbox, message(catcher, "failed"), aborted, message(catcher, "last"))

    trigger(sandbox, canvas_id, recipients=[{"external_user_id": "u0"}])

    assert states(sandbox, canvas_id) == ["finished"]
    log = sandbox.call("GET", "/activity", canvas=canvas_id)["activity"][::-1]
    assert [line["outcome"] for line in log] == ["failed", "aborted", "succeeded"]
    assert log[1]["error"] == "not now"


def test_users_enter_by_what_they_do(sandbox: RunningSandbox, catcher: WebhookCatcher) -> None:
    step = message(catcher, "m", item="{{event_properties.${item}}}")
    canvas(sandbox, step, filter=IN_A, schedule_type="action_based", event="bought")

    sandbox.post("/users/track", {"events": [event("bought", item="hat"), event("bought", "u2")]})
    sandbox.settle()

    (caught,) = catcher.caught
    assert caught.json() == {"id": "u0", "item": "hat"}


def test_an_exit_event_ends_the_journey(sandbox: RunningSandbox, catcher: WebhookCatcher) -> None:
    canvas_id = canvas(sandbox, delay(), message(catcher, "m"), exit_event="bought")
    trigger(sandbox, canvas_id, broadcast=True)

    sandbox.post("/users/track", {"events": [event("bought", "u1")]})
    sandbox.call("POST", f"/canvases/{canvas_id}/hurry")

    assert ways(catcher) == [("m", "u0"), ("m", "u2")]
    assert sorted(states(sandbox, canvas_id)) == ["exited", "finished", "finished"]


def test_who_meets_the_exit_filter_leaves_before_the_next_step(
    sandbox: RunningSandbox, catcher: WebhookCatcher
) -> None:
    canvas_id = canvas(sandbox, delay(), message(catcher, "m"), exit_filter=IN_A)
    trigger(sandbox, canvas_id, recipients=[{"external_user_id": "u2"}])
    change = {"external_id": "u2", "tags": {"add": ["a"]}}
    sandbox.post("/users/track", {"attributes": [change]})

    sandbox.call("POST", f"/canvases/{canvas_id}/hurry")

    assert (ways(catcher), states(sandbox, canvas_id)) == ([], ["exited"])


def test_a_deleted_user_leaves(sandbox: RunningSandbox, catcher: WebhookCatcher) -> None:
    canvas_id = canvas(sandbox, delay(), message(catcher, "m"))
    trigger(sandbox, canvas_id, recipients=[{"external_user_id": "u2"}])

    sandbox.post("/users/delete", {"external_ids": ["u2"]})
    sandbox.call("POST", f"/canvases/{canvas_id}/hurry")

    assert (ways(catcher), states(sandbox, canvas_id)) == ([], ["exited"])


def test_a_canvas_can_let_each_user_enter_once(
    sandbox: RunningSandbox, catcher: WebhookCatcher
) -> None:
    canvas_id = canvas(sandbox, message(catcher, "m"), reenter=False)

    for _ in range(2):
        trigger(sandbox, canvas_id, recipients=[{"external_user_id": "u0"}])

    assert ways(catcher) == [("m", "u0")]


def test_users_remember_the_canvas_and_its_steps(
    sandbox: RunningSandbox, catcher: WebhookCatcher
) -> None:
    canvas_id = canvas(sandbox, message(catcher, "m"))
    trigger(sandbox, canvas_id, recipients=[{"external_user_id": "u0"}])

    (user,) = sandbox.post("/users/export/ids", {"external_ids": ["u0"]}).json()["users"]

    (received,) = user["canvases_received"]
    assert (received["name"], received["api_canvas_id"]) == ("Welcome", canvas_id)
    assert received["last_entered"] <= received["last_received_message"]
    assert [step["name"] for step in received["steps_received"]] == ["m"]


def test_a_paused_canvas_lets_nobody_in(sandbox: RunningSandbox, catcher: WebhookCatcher) -> None:
    canvas_id = canvas(sandbox, message(catcher, "m"))
    sandbox.call("PATCH", f"/canvases/{canvas_id}", {"status": "paused"})

    answer = trigger(sandbox, canvas_id, broadcast=True)

    assert "paused" in answer.json()["notice"]
    assert states(sandbox, canvas_id) == []


def test_who_waits_goes_on_after_a_restart(catcher: WebhookCatcher, tmp_path: Path) -> None:
    with running_sandbox(state=tmp_path) as first:
        first.post("/users/track", {"attributes": [{"external_id": "u0"}]})
        canvas_id = canvas(first, delay(), message(catcher, "m"))
        trigger(first, canvas_id, broadcast=True)

    with running_sandbox(state=tmp_path) as second:
        assert second.call("POST", f"/canvases/{canvas_id}/hurry") == {"hurried": 1}

    assert ways(catcher) == [("m", "u0")]


def test_mistakes_in_a_canvas_are_explained_when_it_is_made(
    sandbox: RunningSandbox, catcher: WebhookCatcher
) -> None:
    with pytest.raises(SandboxCallError, match="no valid Liquid"):
        canvas(sandbox, message(catcher, "m", x="{% if %}"))
    with pytest.raises(SandboxCallError, match="Invalid value 'wait'"):
        canvas(sandbox, {"type": "wait"})
    with pytest.raises(SandboxCallError, match="segment filter"):
        canvas(sandbox, delay(), exit_filter={"x": 1})
    answer = sandbox.post("/canvas/trigger/send", {"canvas_id": "x", "broadcast": True})
    assert (answer.status, answer.json()) == (400, {"message": "Invalid Canvas ID"})


def test_what_lost_its_segment_or_block_stops_nothing(
    sandbox: RunningSandbox, catcher: WebhookCatcher
) -> None:
    segment = sandbox.add_segment("A", IN_A)
    sandbox.call("POST", "/content_blocks", {"name": "b", "content": "x"})
    action = {"schedule_type": "action_based", "event": "bought"}
    sandbox.add_campaign("C", {"url": catcher.url}, segment_id=segment, **action)
    body = "{{content_blocks.${b}}}"
    sandbox.add_campaign("D", {"url": catcher.url, "body": body}, **action)
    canvas_id = canvas(sandbox, message(catcher, "m", x=body), message(catcher, "n"), **action)
    sandbox.call("DELETE", f"/segments/{segment}")
    sandbox.call("DELETE", "/content_blocks/b")

    assert sandbox.post("/users/track", {"events": [event("bought")]}).status == 201
    sandbox.settle()

    assert ways(catcher) == [("n", "u0")]
    assert states(sandbox, canvas_id) == ["finished"]


def test_one_event_leads_into_several_canvases(
    sandbox: RunningSandbox, catcher: WebhookCatcher
) -> None:
    action = {"schedule_type": "action_based", "event": "bought"}
    ids = {canvas(sandbox, message(catcher, name), **action) for name in ("a", "b")}

    sandbox.post("/users/track", {"events": [event("bought")]})
    sandbox.settle()

    (user,) = sandbox.post("/users/export/ids", {"external_ids": ["u0"]}).json()["users"]
    received = user["canvases_received"]
    assert {canvas["api_canvas_id"] for canvas in received} == ids
    assert all(canvas["last_entered"] for canvas in received)
