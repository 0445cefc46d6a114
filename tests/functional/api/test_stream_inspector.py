"""What a stream holds, what became nothing there, and how it is mended."""

from collections.abc import Callable
from typing import Any

import httpx
import msgspec
import pytest
from tests.functional.api.conftest import ACCOUNT, MakeToken, work_off

from coterie.flow.run.inspect import inspect_next
from coterie.store import Connection, Store

SHOP = f"/c/{ACCOUNT}/shop"
Ask = Callable[..., Any]


@pytest.fixture
def headers(make_token: MakeToken) -> dict[str, str]:
    return {"Authorization": make_token(["data_manager"]).token}


@pytest.fixture
def work(store: Store) -> Callable[[], None]:
    def work() -> None:
        work_off(store)
        inspecting = 1
        while inspecting:
            with store.transaction() as conn:
                inspecting = inspect_next(conn)

    return work


async def get(client: httpx.AsyncClient, path: str, headers: dict[str, str]) -> Any:
    answer = await client.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def test_raw_keys_are_shown_with_what_reads_them_and_mapped_by_one_call(
    client: httpx.AsyncClient, headers: dict[str, str], work: Callable[[], None]
) -> None:
    people = [{"user_id": f"u{n}", "loyaltyTier": "gold" if n % 2 else "new"} for n in range(6)]
    await client.post(f"/c/{ACCOUNT}/default", json=people, headers=headers)
    work()

    before = {one["key"]: one for one in await get(client, "/api/streams/default/keys", headers)}
    mapped = await client.post(
        "/api/streams/default/mappings", json={"key": "loyaltyTier"}, headers=headers
    )
    after = {one["key"]: one for one in await get(client, "/api/streams/default/keys", headers)}
    await client.post(f"/c/{ACCOUNT}/default", json=people[:1], headers=headers)
    work()
    profile = await get(client, "/api/entity/user/user_id/u0", headers)

    assert before[""]["times"] == 6
    tier = before["loyaltyTier"]
    assert (tier["times"], tier["uniques"], tier["is_exact"]) == (6, 2, True)
    assert tier["kinds"] == {"string": 6}
    assert tier["suggestion"]["field"] == "loyalty_tier"
    assert before["user_id"]["used_by"] == ["user_id"]
    assert mapped.status_code == 201
    assert after["loyaltyTier"]["used_by"] == ["loyalty_tier"]
    assert after["loyaltyTier"]["suggestion"] is None
    assert profile["loyalty_tier"] == "new"


async def test_a_key_without_a_suggestion_is_not_mapped(
    client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    answer = await client.post(
        "/api/streams/default/mappings", json={"key": "nothing"}, headers=headers
    )

    assert (answer.status_code, answer.json()["code"]) == (400, "no_suggestion")


async def test_a_refused_body_is_repaired_and_run_again_once(
    client: httpx.AsyncClient,
    headers: dict[str, str],
    conn: Connection,
    work: Callable[[], None],
) -> None:
    near_json = b'{"user_id": "u1", "city": "the "old" town"}'
    await client.post(f"/c/{ACCOUNT}/default", content=near_json, headers=headers)

    (waiting,) = await get(client, "/api/streams/default/rejected", headers)
    run = f"/api/streams/default/rejected/{waiting['ref']}/run"
    as_it_was = await client.post(run, json={}, headers=headers)
    mended = await client.post(
        run, json={"body": '{"user_id": "u1", "city": "the old town"}'}, headers=headers
    )
    again = await client.post(run, json={}, headers=headers)
    work()

    assert waiting["body"] == near_json.decode()
    assert waiting["position"].startswith("line 1 column")
    assert (as_it_was.status_code, as_it_was.json()["code"]) == (400, "malformed_body")
    assert mended.json()["data"] == {"events": 1}
    assert (again.status_code, again.json()["code"]) == (404, "unknown_rejected_event")
    assert await get(client, "/api/streams/default/rejected", headers) == []
    assert (await get(client, "/api/entity/user/user_id/u1", headers))["city"] == "the old town"
    at = conn.execute(
        "SELECT e.occurred_at = r.received_at FROM event_log e, rejected_event r"
    ).fetchone()
    assert at == (True,)


async def test_events_that_no_mapping_read_are_run_again_after_it_was_made(
    client: httpx.AsyncClient, headers: dict[str, str], work: Callable[[], None]
) -> None:
    event = {"message_id": "m1", "user_id": "u1", "city": "Oslo"}
    await client.post(SHOP, json=event, headers=headers)
    work()
    (waiting,) = await get(client, "/api/streams/shop/rejected", headers)
    for key in ("user_id", "city"):
        answer = await client.post("/api/streams/shop/mappings", json={"key": key}, headers=headers)
        assert answer.status_code == 201, answer.text

    run = await client.post(
        f"/api/streams/shop/rejected/{waiting['ref']}/run", json={}, headers=headers
    )
    work()

    assert waiting["reason"] == "rejected: no mapping reads stream 'shop'"
    assert run.json()["data"] == {"events": 1}
    assert (await get(client, "/api/entity/user/user_id/u1", headers))["city"] == "Oslo"
    assert await get(client, "/api/streams/shop/rejected", headers) == []


@pytest.mark.parametrize("ref", ["0", "x", "1-1", "1-", "99999999999999999999", "-"])
async def test_what_waits_nowhere_is_not_run(
    client: httpx.AsyncClient, headers: dict[str, str], ref: str
) -> None:
    answer = await client.post(f"/api/streams/default/rejected/{ref}/run", json={}, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_rejected_event")


async def test_raw_events_are_shown_to_who_may_see_personal_data(
    client: httpx.AsyncClient, headers: dict[str, str], make_token: MakeToken
) -> None:
    await client.post(f"/c/{ACCOUNT}/default", json={"user_id": "u1"}, headers=headers)
    observer = {"Authorization": make_token(["observer"]).token}

    events = await get(client, "/api/streams/default/events?limit=5", headers)
    hidden = [
        await client.get(f"/api/streams/default/{part}", headers=observer)
        for part in ("events", "rejected")
    ]

    assert [msgspec.json.decode(one["body"]) for one in events] == [{"user_id": "u1"}]
    assert [answer.status_code for answer in hidden] == [403, 403]
    names = {one["name"] for one in await get(client, "/api/streams", observer)}
    assert {"default", "braze_users"} <= names
    wrong = await client.get("/api/streams/default/events?limit=9999", headers=headers)
    assert (wrong.status_code, wrong.json()["code"]) == (400, "bad_limit")
