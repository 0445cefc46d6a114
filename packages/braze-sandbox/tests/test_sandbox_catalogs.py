"""Catalogs, and the tag that looks things up in them."""

from typing import Any

import pytest

from braze_sandbox.catcher import WebhookCatcher
from braze_sandbox.testing import Answer, RunningSandbox

FIELDS = [
    {"name": "id", "type": "string"},
    {"name": "Name", "type": "string"},
    {"name": "Rating", "type": "number"},
]


def create(sandbox: RunningSandbox, name: str = "places", **more: Any) -> Answer:
    return sandbox.post("/catalogs", {"catalogs": [{"name": name, "fields": FIELDS, **more}]})


def change(sandbox: RunningSandbox, method: str, *items: Any) -> Answer:
    return sandbox.request(method, "/catalogs/places/items", {"items": items})


def items(sandbox: RunningSandbox) -> Any:
    return sandbox.get("/catalogs/places/items").json()["items"]


def test_a_catalog_is_made_listed_and_deleted(sandbox: RunningSandbox) -> None:
    answer = create(sandbox, description="Where to eat")

    assert answer.status == 201
    (shown,) = answer.json()["catalogs"]
    assert [field["token"] for field in shown["fields"]] == ["-1", "0", "1"]
    assert sandbox.get("/catalogs").json()["catalogs"] == [shown]
    assert create(sandbox).json()["errors"][0]["id"] == "catalog-name-already-exists"
    gone = sandbox.request("DELETE", "/catalogs/places")
    assert (gone.status, gone.json()) == (200, {"message": "success"})
    assert sandbox.get("/catalogs").json()["catalogs"] == []
    assert sandbox.request("DELETE", "/catalogs/places").status == 404


def test_items_are_added_changed_replaced_and_deleted(sandbox: RunningSandbox) -> None:
    create(sandbox)

    answer = change(sandbox, "POST", {"id": "a", "Name": "A", "Rating": 1}, {"id": "b"})
    assert (answer.status, answer.json()) == (202, {"message": "success"})
    change(sandbox, "POST", {"id": "a", "Name": "again"})
    change(sandbox, "PATCH", {"id": "a", "Rating": 2}, {"id": "unknown", "Rating": 3})
    assert items(sandbox) == [{"id": "a", "Name": "A", "Rating": 2}, {"id": "b"}]

    change(sandbox, "PUT", {"id": "a", "Name": "new"})
    change(sandbox, "DELETE", {"id": "b"})
    assert items(sandbox) == [{"id": "a", "Name": "new"}]


def test_items_come_in_pages(sandbox: RunningSandbox) -> None:
    create(sandbox)
    names = [f"i{n:02}" for n in range(60)]
    change(sandbox, "POST", *({"id": name} for name in names[:50]))
    change(sandbox, "POST", *({"id": name} for name in names[50:]))

    first = sandbox.get("/catalogs/places/items")
    link = first.headers["link"]
    second = sandbox.get(link[1 : link.index(">")].removeprefix(sandbox.url))

    found = [item["id"] for item in (*first.json()["items"], *second.json()["items"])]
    assert found == names


@pytest.mark.parametrize(
    "item", [{"id": 1}, {"id": "a b"}, {"id": "a", "Other": 1}, {"id": "a", "Rating": "x"}]
)
def test_an_unfit_item_is_refused(sandbox: RunningSandbox, item: Any) -> None:
    create(sandbox)

    answer = change(sandbox, "POST", item)

    assert answer.status == 400
    assert answer.json()["message"] == "Invalid Request"


def test_a_message_looks_things_up(sandbox: RunningSandbox, catcher: WebhookCatcher) -> None:
    create(sandbox)
    change(sandbox, "POST", {"id": "a", "Name": "Alfama"}, {"id": "b", "Name": "Belem"})
    sandbox.post("/users/track", {"attributes": [{"external_id": "u1", "place": "b"}]})
    tag = "{% catalog_items places a {{custom_attribute.${place}}} nowhere %}"
    body = tag + "{{ items[0].Name }} {{ items[1].Name }} {{ items.size }}"
    campaign = sandbox.add_campaign("C", {"url": catcher.url, "body": body})

    sandbox.fire(campaign)

    assert catcher.caught[0].body == b"Alfama Belem 2"
