"""What clients of Lytics call finds its work, or is told what to call instead."""

from collections.abc import Callable

import httpx
import pytest

from coterie.model.control import NewToken


@pytest.fixture
def manager(make_token: Callable[..., NewToken]) -> dict[str, str]:
    return {"Authorization": make_token(["data_manager"]).token}


@pytest.mark.parametrize(
    ("method", "path", "instead"),
    [
        ("GET", "/v2/attributes/user/email/a@x.org", "GET /api/entity/user/"),
        ("PUT", "/v2/attributes/user/email/a@x.org", "POST /collect/json/"),
        ("PATCH", "/v2/attributes/user/email/a@x.org", "POST /collect/json/"),
        ("DELETE", "/v2/attributes/user/email/a@x.org", "POST /api/erasures"),
        ("GET", "/v2/identity/lookup?email=a@x.org", "GET /api/identity/"),
        ("GET", "/v2/identity/user/email/a@x.org", "POST /api/identity/why"),
        ("DELETE", "/v2/identity/user/email/a@x.org", "POST /api/erasures"),
        ("POST", "/v2/identity/delete", "POST /api/erasures"),
        ("GET", "/v2/identity/delete/status/7", "GET /api/erasures/"),
        ("GET", "/api/segment/fans/attribution", "GET /api/segment/{name}/summary"),
    ],
)
async def test_an_address_that_is_elsewhere_says_where(
    client: httpx.AsyncClient, method: str, path: str, instead: str
) -> None:
    answer = await client.request(method, path)

    body = answer.json()
    assert (answer.status_code, body["code"]) == (501, "elsewhere")
    assert instead in body["message"]
    # Who is asked about stands in the address, and must not come back in what logs keep.
    assert "a@x.org" not in body["message"]


async def test_segments_are_found_at_the_older_addresses_too(
    client: httpx.AsyncClient, manager: dict[str, str]
) -> None:
    body = {"name": "Fans", "segment_ql": "FILTER *", "save_hist": False, "schedule_exit": False}
    made = (await client.post("/api/segment", json=body, headers=manager)).json()["data"]
    one = (await client.get("/api/segment/fans", headers=manager)).json()["data"]
    every = (await client.get("/api/segment?table=user", headers=manager)).json()["data"]

    assert every == [one]
    assert one["id"] == made["id"]
    assert (one["save_hist"], one["emit_trigger"], one["schedule_exit"]) == (True, True, True)


@pytest.mark.parametrize(
    ("kind", "instead"),
    [("list", "Import the list"), ("metric", "/sizes"), ("made_up", "Leave kind out")],
)
async def test_a_segment_of_another_kind_is_refused_with_what_to_make_instead(
    client: httpx.AsyncClient, manager: dict[str, str], kind: str, instead: str
) -> None:
    body = {"name": "x", "segment_ql": "FILTER *", "kind": kind}

    answer = await client.post("/v2/segment", json=body, headers=manager)

    assert answer.status_code == 400
    assert instead in answer.json()["message"]


async def test_other_tables_and_orders_of_members_are_refused(
    client: httpx.AsyncClient, manager: dict[str, str]
) -> None:
    await client.post(
        "/v2/segment", json={"name": "Fans", "segment_ql": "FILTER *"}, headers=manager
    )

    answers = [
        await client.get("/v2/segment?table=content", headers=manager),
        await client.get("/api/segment/fans/scan?sortfield=visits", headers=manager),
        await client.post("/api/segment/scan?sortfield=visits", content="*", headers=manager),
    ]

    codes = [(answer.status_code, answer.json()["code"]) for answer in answers]
    assert codes == [(400, "segment_table"), (400, "segment_order"), (400, "segment_order")]
