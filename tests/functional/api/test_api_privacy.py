"""Programs forget people, and hand out what is held about them."""

from collections.abc import Callable

import httpx
import pytest

from coterie.model.control import NewToken

MakeToken = Callable[..., NewToken]
EVE = {"field": "email", "value": "eve@example.org"}


@pytest.fixture
def manager(make_token: MakeToken) -> dict[str, str]:
    return {"Authorization": make_token(["data_manager"]).token}


async def test_an_erasure_is_asked_for_and_followed(
    client: httpx.AsyncClient, manager: dict[str, str]
) -> None:
    body = {**EVE, "block": True}
    made = await client.post("/api/erasures", json=body, headers=manager)
    number = made.json()["data"]["id"]
    found = await client.get(f"/api/erasures/{number}", headers=manager)
    listed = await client.get("/api/erasures", headers=manager)
    missing = await client.get("/api/erasures/999", headers=manager)

    assert made.status_code == 202
    assert (found.json()["data"]["state"], found.json()["data"]["blocks"]) == ("running", True)
    assert [one["id"] for one in listed.json()["data"]] == [number]
    assert "eve@" not in listed.text + found.text + made.text
    assert (missing.status_code, missing.json()["code"]) == (404, "unknown_erasure")


async def test_nobody_is_exported_who_is_not_there(
    client: httpx.AsyncClient, manager: dict[str, str]
) -> None:
    answer = await client.post("/api/profiles/export", json=EVE, headers=manager)

    assert answer.status_code == 404


@pytest.mark.parametrize("path", ["/api/erasures", "/api/profiles/export"])
async def test_who_only_reads_neither_forgets_nor_exports(
    client: httpx.AsyncClient, make_token: MakeToken, path: str
) -> None:
    key = {"Authorization": make_token(["observer"]).token}

    answer = await client.post(path, json=EVE, headers=key)

    assert answer.status_code == 403
