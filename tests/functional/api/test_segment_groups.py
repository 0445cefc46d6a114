"""Clients of Lytics find groups of segments, and both doors set tags and what is public."""

import httpx
import pytest
from tests.functional.api.test_segment_api import manager, observer

from coterie.base.clock import system_clock
from coterie.control.personalization import Allowed, allow_personalization
from coterie.model.control import Actor
from coterie.store import Store

__all__ = ["manager", "observer"]

ACCOUNT = 4711


def segment(name: str, **words: object) -> dict[str, object]:
    return {"name": name, "slug_name": name, "segment_ql": "FILTER *", **words}


async def test_a_group_is_made_read_changed_and_deleted(
    client: httpx.AsyncClient, manager: dict[str, str]
) -> None:
    numbers = {}
    for name in ("a", "b"):
        made = await client.post("/v2/segment", json=segment(name), headers=manager)
        numbers[name] = made.json()["data"]["id"]

    body = {"name": "VIP club", "segments": ["a", numbers["b"]]}
    made = await client.post("/v2/segment/group", json=body, headers=manager)
    listed = await client.get("/v2/segment/group", headers=manager)
    one = await client.get("/v2/segment/group/vip%20club", headers=manager)
    change = {"name": "vip", "segments": ["b"]}
    changed = await client.put("/v2/segment/group/vip%20club", json=change, headers=manager)
    tagged = await client.get("/v2/segment?tag=vip", headers=manager)
    gone = await client.delete("/v2/segment/group/vip", headers=manager)
    after = await client.get("/v2/segment/group/vip", headers=manager)

    group = {"id": "vip club", "aid": ACCOUNT, "name": "vip club", "segments": ["a", "b"]}
    assert (made.status_code, made.json()["data"]) == (201, group)
    assert listed.json()["data"] == [group]
    assert one.json()["data"] == group
    assert changed.json()["data"]["segments"] == ["b"]
    assert [(one["slug_name"], one["tags"]) for one in tagged.json()["data"]] == [("b", ["vip"])]
    assert gone.json()["data"]["segments"] == ["b"]
    assert (after.status_code, after.json()["code"]) == (404, "unknown_group")


async def test_the_groups_of_a_segment_are_its_tags(
    client: httpx.AsyncClient, manager: dict[str, str]
) -> None:
    made = await client.post("/v2/segment", json=segment("a", groups=["x"]), headers=manager)
    same = await client.put("/v2/segment/a", json={"groups": ["Y"], "tags": ["y"]}, headers=manager)
    two = await client.put("/v2/segment/a", json={"groups": ["y"], "tags": []}, headers=manager)
    kept = await client.put("/v2/segment/a", json={"name": "A"}, headers=manager)

    assert made.json()["data"]["tags"] == made.json()["data"]["groups"] == ["x"]
    assert same.json()["data"]["tags"] == ["y"]
    assert (two.status_code, two.json()["code"]) == (400, "tags_and_groups")
    assert kept.json()["data"]["groups"] == ["y"]


async def test_tags_are_set_shown_and_asked_for_by_programs(
    client: httpx.AsyncClient, manager: dict[str, str]
) -> None:
    body = {"slug": "a", "filter": "FILTER *", "tags": ["vip"]}
    made = await client.post("/api/audiences", json=body, headers=manager)
    changed = await client.put("/api/audiences/a", json={"tags": ["sale"]}, headers=manager)
    wrong = await client.put("/api/audiences/a", json={"tags": ["a,b"]}, headers=manager)
    found = await client.get("/api/audiences?tag=sale", headers=manager)
    nobody = await client.get("/api/audiences?tag=vip", headers=manager)

    assert made.json()["data"]["tags"] == ["vip"]
    assert changed.json()["data"]["tags"] == ["sale"]
    assert (wrong.status_code, wrong.json()["code"]) == (400, "bad_tag")
    assert [one["slug"] for one in found.json()["data"]] == ["a"]
    assert nobody.json()["data"] == []


async def test_a_segment_is_made_public_where_that_is_allowed(
    client: httpx.AsyncClient, manager: dict[str, str], store: Store
) -> None:
    early = await client.post("/v2/segment", json=segment("a", is_public=True), headers=manager)
    allow_personalization(
        store, account=ACCOUNT, allowed=Allowed(by_fields=("user_id",)), actor=Actor(name="test"),
        now=system_clock(),
    )  # fmt: skip
    made = await client.post("/v2/segment", json=segment("a", is_public=True), headers=manager)
    read = await client.get("/api/audiences/a", headers=manager)
    private = await client.put("/v2/segment/a", json={"is_public": False}, headers=manager)
    again = await client.put("/api/audiences/a", json={"is_public": True}, headers=manager)

    assert (early.status_code, early.json()["code"]) == (400, "nothing_public")
    assert made.json()["data"]["is_public"] is True
    assert read.json()["data"]["is_public"] is True
    assert private.json()["data"]["is_public"] is False
    assert again.json()["data"]["is_public"] is True


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v2/segment/group"),
        ("PUT", "/v2/segment/group/x"),
        ("DELETE", "/v2/segment/group/x"),
    ],
)
async def test_who_only_reads_changes_no_group(
    client: httpx.AsyncClient, observer: dict[str, str], method: str, path: str
) -> None:
    body = {"name": "x", "segments": ["a"]}

    answer = await client.request(method, path, json=body, headers=observer)

    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
