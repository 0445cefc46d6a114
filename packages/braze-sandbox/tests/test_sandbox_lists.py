"""Lists and details of what a workspace holds."""

from typing import Any

import pytest

from braze_sandbox.catcher import WebhookCatcher
from braze_sandbox.testing import RunningSandbox

ALL = {"user_attribute": {"name": "external_id", "comparison": "exists"}}
WEBHOOK = {"url": "https://example.com/in"}


def test_campaigns_are_listed_in_their_order(sandbox: RunningSandbox) -> None:
    ids = [sandbox.add_campaign(f"C{n}", WEBHOOK, tags=["t"]) for n in range(3)]
    sandbox.call("PATCH", f"/campaigns/{ids[1]}", {"status": "archived"})

    shown = sandbox.get("/campaigns/list").json()

    assert shown["message"] == "success"
    assert [c["id"] for c in shown["campaigns"]] == [ids[0], ids[2]]
    assert list(shown["campaigns"][0]) == ["id", "last_edited", "name", "is_api_campaign", "tags"]
    query = {"include_archived": "true", "sort_direction": "desc"}
    found = sandbox.get("/campaigns/list", **query).json()["campaigns"]
    assert [c["id"] for c in found] == ids[::-1]


def test_a_page_holds_a_hundred(sandbox: RunningSandbox) -> None:
    for n in range(101):
        sandbox.add_segment(f"S{n}", ALL)

    first = sandbox.get("/segments/list").json()["segments"]
    second = sandbox.get("/segments/list", page=1).json()["segments"]

    assert [len(first), [s["name"] for s in second]] == [100, ["S100"]]
    assert list(first[0]) == ["id", "name", "analytics_tracking_enabled", "tags"]
    assert sandbox.get("/segments/list", page="x").status == 400


def test_details_show_one(sandbox: RunningSandbox) -> None:
    campaign = sandbox.add_campaign("C", WEBHOOK, description="d")
    segment = sandbox.add_segment("S", ALL)
    steps = [{"type": "delay", "seconds": 1}, {"type": "message", "webhook": WEBHOOK}]
    canvas = sandbox.call("POST", "/canvases", {"name": "V", "steps": steps})

    shown = sandbox.get("/campaigns/details", campaign_id=campaign).json()
    assert (shown["name"], shown["description"], shown["channels"]) == ("C", "d", ["webhook"])
    assert [m["channel"] for m in shown["messages"].values()] == ["webhook"]
    assert sandbox.get("/segments/details", segment_id=segment).json()["name"] == "S"
    shown = sandbox.get("/canvas/details", canvas_id=canvas["id"]).json()
    first, second = shown["steps"]
    assert (first["type"], first["next_step_ids"]) == ("delay", [second["id"]])
    assert shown["variants"][0]["first_step_ids"] == [first["id"]]
    assert [c["name"] for c in sandbox.get("/canvas/list").json()["canvases"]] == ["V"]


@pytest.mark.parametrize(
    ("path", "name", "message"),
    [
        ("/campaigns/details", "campaign_id", "campaign"),
        ("/canvas/details", "canvas_id", "Canvas"),
        ("/segments/details", "segment_id", "segment"),
    ],
)
def test_an_unknown_id_is_400(sandbox: RunningSandbox, path: str, name: str, message: str) -> None:
    answer = sandbox.get(path, **{name: "nope"})

    assert answer.status == 400
    expected = f"{name} must be a string of the {message} api identifier"
    assert answer.json() == {"message": expected}


def test_the_size_of_a_segment_is_that_of_today(sandbox: RunningSandbox) -> None:
    sandbox.post("/users/track", {"attributes": [{"external_id": "u1"}, {"external_id": "u2"}]})
    segment = sandbox.add_segment("S", ALL)

    shown = sandbox.get("/segments/data_series", segment_id=segment, length=1).json()

    assert [day["size"] for day in shown["data"]] == [2]
    assert sandbox.get("/segments/data_series", segment_id=segment, length=101).status == 400


def test_names_of_events_products_and_attributes_are_listed(sandbox: RunningSandbox) -> None:
    names = [f"a{n:02}" for n in range(60)]
    when: dict[str, Any] = {"external_id": "u1", "time": "2020-01-01"}
    sandbox.post(
        "/users/track",
        {
            "attributes": [{"external_id": "u1", **dict.fromkeys(names, 1)}],
            "events": [{**when, "name": name} for name in ("b", "a", "b")],
            "purchases": [{**when, "product_id": "p", "currency": "EUR", "price": 1}],
        },
    )

    assert sandbox.get("/events/list").json() == {"events": ["a", "b"], "message": "success"}
    assert sandbox.get("/purchases/product_list").json()["products"] == ["p"]
    first = sandbox.get("/custom_attributes")
    assert [a["name"] for a in first.json()["attributes"]] == names[:50]
    assert first.json()["attributes"][0]["data_type"] == "number"
    link = first.headers["link"]
    assert link.startswith(f"<{sandbox.url}/custom_attributes?cursor=")
    second = sandbox.get(link[1 : link.index(">")].removeprefix(sandbox.url))
    assert [a["name"] for a in second.json()["attributes"]] == names[50:]
    assert "link" not in second.headers


def test_figures_of_campaigns_and_canvases_come_by_day(
    sandbox: RunningSandbox, catcher: WebhookCatcher
) -> None:
    sandbox.set(webhook_retries=0)
    sandbox.post("/users/track", {"attributes": [{"external_id": "u1"}, {"external_id": "u2"}]})
    campaign = sandbox.add_campaign("C", {"url": catcher.url})
    catcher.answer_with(404)
    sandbox.fire(campaign)
    steps = [{"type": "message", "name": "m", "webhook": {"url": catcher.url}}]
    canvas = sandbox.call("POST", "/canvases", {"name": "V", "steps": steps})
    sandbox.call("POST", f"/canvases/{canvas['id']}/launch")

    shown = sandbox.get("/campaigns/data_series", campaign_id=campaign, length=2).json()["data"]
    (before,), (today,) = (day["messages"]["webhook"] for day in shown)
    assert (before["sent"], today["sent"], today["errors"]) == (0, 2, 1)
    assert shown[1]["unique_recipients"] == 2
    found = sandbox.get("/canvas/data_series", canvas_id=canvas["id"], length=1).json()["data"]
    (day,) = found["stats"]
    assert day["total_stats"] == {"entries": 2}
    (step,) = day["step_stats"].values()
    assert step["messages"]["webhook"] == [{"sent": 2, "errors": 0}]
    assert sandbox.get("/canvas/data_series", canvas_id=canvas["id"], length=15).status == 400
