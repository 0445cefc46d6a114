"""Programs save audiences, by text or by JSON."""

from collections.abc import Callable

import httpx
import pytest

from coterie.model.control import NewToken

MakeToken = Callable[..., NewToken]
FORM = {"op": "and", "args": [{"op": ">", "args": [{"ident": "order_count"}, {"val": "5"}]},
                              {"op": "not", "args": [{"seg": "known"}]}]}  # fmt: skip


@pytest.fixture
def manager(make_token: MakeToken) -> dict[str, str]:
    return {"Authorization": make_token(["data_manager"]).token}


@pytest.fixture
async def known(client: httpx.AsyncClient, manager: dict[str, str]) -> httpx.Response:
    body = {"slug": "known", "name": "Known", "filter": "FILTER EXISTS email"}
    return await client.post("/api/audiences", json=body, headers=manager)


async def test_an_audience_is_made_by_the_text_of_its_filter(known: httpx.Response) -> None:
    made = known.json()

    assert (known.status_code, made["status"]) == (201, 201)
    assert (made["data"]["slug"], made["data"]["state"]) == ("known", "building")
    assert made["data"]["warnings"] == []


async def test_an_audience_is_made_and_changed_by_the_json_form_of_its_filter(
    client: httpx.AsyncClient, manager: dict[str, str], known: httpx.Response
) -> None:
    body = {"slug": "vip", "ast": FORM}
    made = await client.post("/api/audiences", json=body, headers=manager)
    form = {"op": "exists", "args": [{"ident": "city"}]}
    changed = await client.put(
        "/api/audiences/vip", json={"ast": form, "name": "VIP"}, headers=manager
    )

    assert known.status_code == made.status_code == 201
    assert made.json()["data"]["filter_text"] == (
        'FILTER AND (order_count > "5", NOT INCLUDE known)'
    )
    assert changed.json()["data"]["filter_text"] == "FILTER EXISTS city"
    assert (changed.json()["data"]["name"], changed.json()["data"]["version"]) == ("VIP", 2)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"slug": "x"}, "filter_or_ast"),
        ({"slug": "x", "filter": "*", "ast": {"op": "*"}}, "filter_or_ast"),
        ({"slug": "x", "ast": {"op": "nand"}}, "invalid_filter_json"),
        ({"slug": "x", "filter": "FILTER city >"}, "invalid_filter"),
        ({"slug": "X!", "filter": "*"}, "bad_audience"),
        ({"slug": "x", "filter": "*", "colour": "red"}, "http_error"),
    ],
)
async def test_a_mistake_is_named_and_saves_nothing(
    client: httpx.AsyncClient, manager: dict[str, str], body: dict[str, object], code: str
) -> None:
    answer = await client.post("/api/audiences", json=body, headers=manager)
    saved = await client.get("/api/audiences", headers=manager)

    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert saved.json()["data"] == []


async def test_json_that_is_nested_too_deep_is_the_senders_mistake(
    client: httpx.AsyncClient, manager: dict[str, str]
) -> None:
    content = b'{"slug": "x", "ast": ' + b'{"args":[' * 50_000
    answer = await client.post(
        "/api/audiences", content=content, headers={**manager, "content-type": "application/json"}
    )

    assert answer.status_code == 400


async def test_saving_needs_a_data_manager(
    client: httpx.AsyncClient, make_token: MakeToken, known: httpx.Response
) -> None:
    reader = {"Authorization": make_token(["observer"]).token}

    made = await client.post("/api/audiences", json={"slug": "x", "filter": "*"}, headers=reader)
    changed = await client.put("/api/audiences/known", json={"name": "Mine"}, headers=reader)

    assert (made.status_code, changed.status_code) == (403, 403)
    assert known.status_code == 201


async def test_an_unknown_audience_cannot_be_changed(
    client: httpx.AsyncClient, manager: dict[str, str]
) -> None:
    answer = await client.put("/api/audiences/none", json={"name": "x"}, headers=manager)

    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_audience")
