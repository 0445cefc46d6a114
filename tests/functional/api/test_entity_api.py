"""What programs read of one person."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from coterie.app.services import Services, config_source
from coterie.base.clock import system_clock
from coterie.control.accounts import create_account
from coterie.control.definitions.audiences import create_audience
from coterie.model.control import Actor, NewToken
from coterie.store import Store
from coterie.worker.loop import Worker, WorkerDependencies

ACCOUNT = 4711
PATH = "/api/entity/user/user_id/u1"
MakeToken = Callable[..., NewToken]
Headers = dict[str, str]


@pytest.fixture
def manager(make_token: MakeToken) -> Headers:
    return {"Authorization": make_token(["data_manager"]).token}


@pytest.fixture
def observer(make_token: MakeToken) -> Headers:
    return {"Authorization": make_token(["observer"]).token}


@pytest.fixture
async def known(client: httpx.AsyncClient, services: Services, manager: Headers) -> None:
    """Somebody with an e-mail address, two orders and an audience."""
    create_audience(
        services.store,
        account=ACCOUNT,
        slug="buyers",
        name="Buyers",
        filter_text="FILTER order_total > 200",
        actor=Actor(name="test"),
        clock=system_clock,
    )
    orders = [
        {"user_id": "u1", "email": "Ann@Example.org", "city": "Oslo", "order_amount": amount}
        for amount in (230.1, 0.4)
    ]
    await send(client, services, manager, orders)


async def send(
    client: httpx.AsyncClient, services: Services, headers: Headers, events: list[dict[str, Any]]
) -> None:
    await client.post("/collect/json/default", json=events, headers=headers)
    with services.store.connect() as conn:
        deps = WorkerDependencies(
            services.store, config_source(), system_clock, services.batch_settings
        )
        worker = Worker(deps, conn)
        while worker.turn():
            pass


@pytest.mark.usefixtures("known")
async def test_a_person_is_found_by_any_identifier(
    client: httpx.AsyncClient, manager: Headers
) -> None:
    by_id = (await client.get(PATH, headers=manager)).json()
    by_email = (await client.get("/api/entity/user/email/ann@example.org", headers=manager)).json()

    assert by_id == by_email
    data = by_id["data"]
    assert (data["order_total"], data["segments"]) == (230.5, ["buyers"])
    assert data["_segments"] == ["buyers"]
    assert len(data["_id"]) == 32
    assert 0 <= data["_split"] < 100
    assert 0 <= data["_split2"] < 100
    assert data["_created"] <= data["_last_active"]
    assert {"email", "user_id"} <= set(by_id["meta"]["by_fields"])
    assert by_id["meta"]["name"] == "user"


@pytest.mark.usefixtures("known")
async def test_only_the_fields_that_are_asked_for_are_given(
    client: httpx.AsyncClient, manager: Headers
) -> None:
    asked = {"fields": "city, order_total,nope", "meta": "false", "segments": "false"}

    answer = await client.get(PATH, params=asked, headers=manager)

    assert answer.json()["data"] == {"city": "Oslo", "order_total": 230.5}


@pytest.mark.usefixtures("known")
async def test_personal_fields_are_shown_to_nobody_with_a_lesser_scope(
    client: httpx.AsyncClient, observer: Headers
) -> None:
    entity = await client.get(PATH, headers=observer)
    profile = await client.get("/api/profiles/user_id/u1", headers=observer)

    assert "email" in entity.json()["meta"]["redacted"]
    assert entity.json()["data"]["order_total"] == 230.5
    assert "ann@example.org" not in entity.text.lower()
    assert "ann@example.org" not in profile.text.lower()


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("asked", [{"explain": "buyers"}, {"lineage": "true"}])
async def test_where_values_come_from_needs_the_scope_that_sees_them(
    client: httpx.AsyncClient, observer: Headers, asked: dict[str, str]
) -> None:
    answer = await client.get(PATH, params=asked, headers=observer)

    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")


@pytest.mark.usefixtures("known")
async def test_audiences_are_explained_beside_the_values(
    client: httpx.AsyncClient, manager: Headers
) -> None:
    answer = await client.get(PATH, params={"explain": "buyers"}, headers=manager)

    assert answer.json()["meta"]["explain"]["buyers"]["explained"]["answer"] is True


@pytest.mark.usefixtures("known")
async def test_a_value_tells_its_event_and_its_mapping(
    client: httpx.AsyncClient, manager: Headers
) -> None:
    asked = {"lineage": "true", "fields": "city,order_total"}

    answer = await client.get(PATH, params=asked, headers=manager)

    city, total = answer.json()["meta"]["lineage"]
    assert (city["field"], city["events"], city["is_whole"]) == ("city", 2, True)
    (origin,) = city["origins"]
    assert (origin["value"], origin["stream"], origin["version"]) == ("Oslo", "default", 1)
    assert "city" in origin["expr"]
    assert sorted(one["value"] for one in total["origins"]) == [0.4, 230.1]
    assert total["is_whole"]


@pytest.mark.usefixtures("known")
async def test_what_has_not_changed_is_not_sent_again(
    client: httpx.AsyncClient, services: Services, manager: Headers
) -> None:
    first = await client.get(PATH, headers=manager)
    tag = {"If-None-Match": first.headers["etag"]}
    same = await client.get(PATH, headers={**manager, **tag})
    await send(client, services, manager, [{"user_id": "u1", "city": "Bergen"}])
    other = await client.get(PATH, headers={**manager, **tag})

    assert (same.status_code, same.content) == (304, b"")
    assert (other.status_code, other.json()["data"]["city"]) == (200, "Bergen")
    assert first.headers["cache-control"] == "private, no-cache"


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/entity/user/user_id/nobody", 404, "unknown_profile"),
        ("/api/entity/content/url/x", 404, "unknown_table"),
        (f"{PATH}?fields={','.join(f'f{n}' for n in range(201))}", 400, "too_many_names"),
        (f"{PATH}?explain={','.join(f'a{n}' for n in range(11))}", 400, "too_many_names"),
        (f"{PATH}?fields={'x' * 10_001}", 400, "bad_parameter"),
        (f"{PATH}?meta=perhaps", 400, "bad_parameter"),
    ],
    ids=range(6),
)
async def test_what_cannot_be_answered_says_why(
    client: httpx.AsyncClient, manager: Headers, path: str, status: int, code: str
) -> None:
    answer = await client.get(path, headers=manager)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_another_account_s_people_are_nobody(
    client: httpx.AsyncClient, store: Store, services: Services, make_token: MakeToken
) -> None:
    create_account(store, name="Other", actor=Actor(name="test"), clock=system_clock, number=4712)
    mine = {"Authorization": make_token(["data_manager"]).token}
    theirs = {"Authorization": make_token(["data_manager"], account=4712).token}
    await send(client, services, mine, [{"user_id": "u1"}])

    assert (await client.get(PATH, headers=mine)).status_code == 200
    assert (await client.get(PATH, headers=theirs)).status_code == 404


async def test_an_identifier_may_hold_slashes(
    client: httpx.AsyncClient, services: Services, manager: Headers
) -> None:
    await send(client, services, manager, [{"user_id": "a/b/"}])

    answer = await client.get("/api/entity/user/user_id/a%2Fb%2F", headers=manager)

    assert (answer.status_code, answer.json()["data"]["user_id"]) == (200, "a/b/")


@pytest.mark.parametrize("headers", [{}, {"Authorization": "cot_nobody"}])
async def test_who_has_no_token_reads_nobody(client: httpx.AsyncClient, headers: Headers) -> None:
    answer = await client.get(PATH, headers=headers)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_token_that_only_sends_reads_nobody(
    client: httpx.AsyncClient, make_token: MakeToken
) -> None:
    answer = await client.get(PATH, params={"key": make_token(["data_write"]).token})

    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")


@pytest.mark.parametrize(("method", "status"), [("POST", 405), ("DELETE", 405), ("OPTIONS", 204)])
async def test_people_are_only_read_there(
    client: httpx.AsyncClient, method: str, status: int
) -> None:
    answer = await client.request(method, PATH)

    assert (answer.status_code, answer.headers["allow"]) == (status, "GET, OPTIONS")


@pytest.mark.usefixtures("known")
async def test_reads_are_counted_by_route_and_status(
    client: httpx.AsyncClient, manager: Headers
) -> None:
    await client.get(PATH, headers=manager)
    await client.get("/api/entity/user/user_id/nobody", headers=manager)

    metrics = (await client.get("/metrics")).text

    for status in (200, 404):
        assert f'coterie_http_requests_total{{route="/api/entity",status="{status}"}}' in metrics
