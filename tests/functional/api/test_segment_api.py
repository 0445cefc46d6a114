"""Clients of Lytics find their segments, and programs the life of audiences."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from coterie.model.control import NewToken

MakeToken = Callable[..., NewToken]


@pytest.fixture
def manager(make_token: MakeToken) -> dict[str, str]:
    return {"Authorization": make_token(["data_manager"]).token}


@pytest.fixture
def observer(make_token: MakeToken) -> dict[str, str]:
    return {"Authorization": make_token(["observer"]).token}


async def test_a_segment_is_made_read_changed_and_deleted(
    client: httpx.AsyncClient, manager: dict[str, str]
) -> None:
    body = {"name": "In Oslo!", "segment_ql": 'FILTER city = "Oslo"', "tags": ["x"]}
    made = (await client.post("/v2/segment", json=body, headers=manager)).json()["data"]
    by_number = (await client.get(f"/v2/segment/{made['id']}", headers=manager)).json()["data"]
    changed = await client.put(
        "/v2/segment/in_oslo", json={"segment_ql": 'FILTER city = "Rome"'}, headers=manager
    )
    gone = await client.delete("/v2/segment/in_oslo", headers=manager)
    after = await client.get("/v2/segment/in_oslo", headers=manager)

    assert (made["slug_name"], made["kind"], made["table"]) == ("in_oslo", "segment", "user")
    assert by_number["segment_ql"] == 'FILTER city = "Oslo"'
    assert changed.json()["data"]["segment_ql"] == 'FILTER city = "Rome"'
    assert gone.json()["data"]["state"] == "archived"
    assert after.status_code == 404


async def test_a_segment_tells_who_includes_it_and_what_it_includes(
    client: httpx.AsyncClient, manager: dict[str, str]
) -> None:
    for slug, text in (("a", "FILTER EXISTS email"), ("b", "FILTER NOT INCLUDE a")):
        body = {"name": slug, "slug_name": slug, "segment_ql": text}
        await client.post("/v2/segment", json=body, headers=manager)

    ancestors = await client.get("/v2/segment/a/ancestors", headers=manager)
    inlined = await client.get("/v2/segment/b?inline=true&sizes=true", headers=manager)

    assert [one["slug_name"] for one in ancestors.json()["data"]] == ["b"]
    assert inlined.json()["data"]["ql_resolved"] == "FILTER NOT EXISTS email"
    assert inlined.json()["data"]["size"] == 0


async def test_sizes_scans_and_values_are_told(
    client: httpx.AsyncClient, manager: dict[str, str]
) -> None:
    body = {"name": "a", "slug_name": "a", "segment_ql": "FILTER EXISTS email"}
    await client.post("/v2/segment", json=body, headers=manager)

    asked = {"segment_ql": "FILTER *"}
    size = await client.post("/api/segment/size", json=asked, headers=manager)
    own = await client.get("/api/segment/a/size", headers=manager)
    scan = await client.get("/api/segment/a/scan?limit=5", headers=manager)
    values = await client.get("/api/segment/a/fieldinfo?fields=city", headers=manager)
    wrong = await client.post(
        "/api/segment/validate", json={"segment_ql": "FILTER city >"}, headers=manager
    )

    assert size.json()["data"]["size"] == own.json()["data"]["size"] == 0
    assert (scan.json()["data"], scan.json()["total"], scan.json()["_next"]) == ([], 0, "")
    assert values.json()["data"]["fields"][0]["field"] == "city"
    assert wrong.status_code == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v2/segment"),
        ("PUT", "/v2/segment/a"),
        ("DELETE", "/v2/segment/a"),
        ("POST", "/v2/segment/a/reevaluate"),
        ("DELETE", "/api/audiences/a"),
        ("POST", "/api/audiences/a/activate"),
        ("POST", "/api/audiences/a/rebuild"),
        ("POST", "/api/starters"),
    ],
)
async def test_who_only_reads_changes_nothing(
    client: httpx.AsyncClient, observer: dict[str, str], method: str, path: str
) -> None:
    body = {} if method != "POST" or "activate" in path else {"segment_ql": "FILTER *"}
    if path == "/api/starters":
        body = {}

    answer = await client.request(method, path, json=body, headers=observer)

    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")


async def test_an_audience_lives_from_draft_to_archive(
    client: httpx.AsyncClient, manager: dict[str, str]
) -> None:
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    body = {"slug": "d", "filter": "FILTER *", "is_draft": True, "expires_at": later}
    made = (await client.post("/api/audiences", json=body, headers=manager)).json()["data"]
    preview = await client.post(
        "/api/audiences/preview", json={"filter": "FILTER *"}, headers=manager
    )
    active = await client.post("/api/audiences/d/activate", headers=manager)
    endless = await client.put("/api/audiences/d", json={"expires_at": None}, headers=manager)
    sizes = await client.get("/api/audiences/d/sizes?days=7", headers=manager)
    overlaps = await client.get("/api/audiences/d/overlaps", headers=manager)
    gone = await client.delete("/api/audiences/d", headers=manager)

    assert (made["state"], made["expires_at"] is not None) == ("draft", True)
    assert preview.json()["data"]["is_exact"] is True
    assert active.json()["data"]["state"] == "building"
    assert endless.json()["data"]["expires_at"] is None
    assert sizes.json()["data"] == overlaps.json()["data"] == []
    assert gone.json()["data"]["state"] == "archived"


async def test_starters_are_listed_and_installed_as_drafts(
    client: httpx.AsyncClient, manager: dict[str, str]
) -> None:
    listed = await client.get("/api/starters", headers=manager)
    body = {"slugs": ["ly_known_email"]}
    made = await client.post("/api/starters", json=body, headers=manager)
    found = await client.get("/api/audiences/ly_known_email", headers=manager)

    assert len(listed.json()["data"]) == 45
    assert made.json()["data"] == {"made": ["ly_known_email"], "kept": []}
    assert found.json()["data"]["state"] == "draft"
