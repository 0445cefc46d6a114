"""What data engineers read."""

from collections.abc import Callable

import httpx
import pytest

from coterie.app.services import config_source
from coterie.base.clock import system_clock
from coterie.control.definitions.audiences import create_audience
from coterie.flow.run.batch import BatchSettings
from coterie.model.control import Actor, NewToken
from coterie.store import Store
from coterie.worker.loop import Worker, WorkerDependencies

ACCOUNT = 4711
MakeToken = Callable[..., NewToken]


@pytest.fixture
def reader(make_token: MakeToken) -> dict[str, str]:
    return {"Authorization": make_token(["observer"]).token}


async def test_a_process_that_lives_and_can_write_says_so(client: httpx.AsyncClient) -> None:
    live = await client.get("/health/live")
    ready = await client.get("/health/ready")

    assert (live.status_code, ready.status_code) == (200, 200)


async def test_figures_are_for_this_machine_or_an_observer(
    client: httpx.AsyncClient, reader: dict[str, str]
) -> None:
    local = await client.get("/metrics")
    proxied = await client.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"})
    allowed = await client.get("/metrics", headers={"X-Forwarded-For": "1.2.3.4", **reader})

    assert (local.status_code, proxied.status_code, allowed.status_code) == (200, 401, 200)
    assert "coterie_events_collected_total" in local.text


async def test_audiences_are_listed_with_their_sizes(
    client: httpx.AsyncClient, store: Store, reader: dict[str, str]
) -> None:
    create_audience(
        store,
        account=ACCOUNT,
        slug="known",
        name="Known",
        filter_text="FILTER EXISTS email",
        actor=Actor(name="test"),
        clock=system_clock,
    )

    listed = await client.get("/api/audiences", headers=reader)
    one = await client.get("/api/audiences/known", headers=reader)
    none = await client.get("/api/audiences/nobody", headers=reader)

    assert [each["slug"] for each in listed.json()["data"]] == ["known"]
    assert one.json()["data"]["size"] == 0
    assert none.status_code == none.json()["status"] == 404


async def test_jobs_are_listed(client: httpx.AsyncClient, reader: dict[str, str]) -> None:
    answer = await client.get("/api/jobs", headers=reader)

    assert answer.json() == {"status": 200, "message": "success", "data": []}


async def test_a_profile_that_does_not_exist_is_404(
    client: httpx.AsyncClient, reader: dict[str, str]
) -> None:
    answer = await client.get("/api/profiles/email/nobody@example.org", headers=reader)

    assert answer.status_code == 404
    assert "nobody" not in answer.json()["message"]


@pytest.mark.parametrize(
    "path",
    [
        "/api/audiences",
        "/api/jobs",
        "/api/profiles/email/x",
        "/api/profiles/email/x/audiences/known",
    ],
)
async def test_reading_needs_a_token_that_may_read(
    client: httpx.AsyncClient, make_token: MakeToken, path: str
) -> None:
    writer = {"Authorization": f"Bearer {make_token(['data_write']).token}"}

    without = await client.get(path)
    wrong = await client.get(path, headers=writer)

    assert (without.status_code, wrong.status_code) == (401, 403)


async def test_a_profile_shows_sums_as_numbers(
    client: httpx.AsyncClient,
    store: Store,
    reader: dict[str, str],
    make_token: MakeToken,
) -> None:
    writer = {"Authorization": make_token(["data_write"]).token}
    orders = [{"user_id": "u1", "order_amount": amount} for amount in (230.1, 0.4)]
    await client.post("/collect/json/default", json=orders, headers=writer)
    with store.connect() as conn:
        deps = WorkerDependencies(store, config_source(), system_clock, BatchSettings(b"k" * 32))
        Worker(deps, conn).turn()

    answer = await client.get("/api/profiles/user_id/u1", headers=reader)

    fields = {each["name"]: each["value"] for each in answer.json()["data"]["fields"]}
    assert fields["order_total"] == 230.5
    assert fields["order_count"] == 2


async def test_a_membership_is_explained_condition_by_condition(
    client: httpx.AsyncClient,
    store: Store,
    reader: dict[str, str],
    make_token: MakeToken,
) -> None:
    texts = {"buyers": "FILTER order_total > 200", "lately": 'FILTER last_seen > "now-30d"'}
    texts["both"] = "FILTER AND (INCLUDE buyers, INCLUDE lately, EXISTS city)"
    for slug, text in texts.items():
        create_audience(
            store,
            account=ACCOUNT,
            slug=slug,
            name=slug,
            filter_text=text,
            actor=Actor(name="test"),
            clock=system_clock,
        )
    writer = {"Authorization": make_token(["data_write"]).token}
    order = [{"user_id": "u 1", "order_amount": 230.1}]
    await client.post("/collect/json/default", json=order, headers=writer)
    with store.connect() as conn:
        deps = WorkerDependencies(store, config_source(), system_clock, BatchSettings(b"k" * 32))
        Worker(deps, conn).turn()

    path = "/api/profiles/user_id/u 1/audiences"
    held = (await client.get(f"{path}/buyers", headers=reader)).json()["data"]
    missed = (await client.get(f"{path}/both", headers=reader)).json()["data"]
    nobody = await client.get("/api/profiles/user_id/u2/audiences/both", headers=reader)
    nothing = await client.get(f"{path}/none", headers=reader)

    assert held["explained"]["answer"] is True
    assert held["explained"]["seen"] == [
        {
            "text": "order_total",
            "value": 230.1,
            "missing": False,
            "left_out": 0,
            "is_cut": False,
            "is_redacted": False,
        }
    ]
    assert held["since"] is not None
    assert (missed["since"], missed["explained"]["answer"]) == (None, False)
    parts = missed["explained"]["parts"]
    assert [(part["answer"], part["decides"]) for part in parts] == [
        (True, False),
        (True, False),
        (False, True),
    ]
    assert parts[1]["changes_at"] > missed["asked_at"]
    assert (nobody.status_code, nobody.json()["code"]) == (404, "unknown_profile")
    assert (nothing.status_code, nothing.json()["code"]) == (404, "unknown_audience")


async def test_a_filter_is_checked_without_being_saved(
    client: httpx.AsyncClient, reader: dict[str, str]
) -> None:
    text = 'filter and (emial == "a", exists email) alias x'

    answer = await client.post("/api/audiences/validate", json={"filter": text}, headers=reader)
    listed = await client.get("/api/audiences", headers=reader)

    found = answer.json()["data"]
    assert answer.status_code == 200
    assert found["filter_text"] == 'FILTER AND (emial == "a", EXISTS email) ALIAS x'
    assert (found["reads"], found["includes"]) == (["email", "emial"], [])
    (warning,) = found["warnings"]
    assert (warning["line"], warning["column"], warning["length"]) == (1, 13, 5)
    assert warning["suggestion"] == "email"
    assert listed.json()["data"] == []


async def test_all_that_is_wrong_with_a_filter_is_told_in_fields(
    client: httpx.AsyncClient, reader: dict[str, str]
) -> None:
    text = 'AND (\n  email > "a"\n  INCLUDE nobody\n)'

    answer = await client.post("/api/audiences/validate", json={"filter": text}, headers=reader)

    told = answer.json()
    assert (answer.status_code, told["code"]) == (400, "invalid_filter")
    assert [(each["line"], each["column"]) for each in told["errors"]] == [(2, 9), (3, 3)]


async def test_an_audience_under_edit_may_not_include_itself(
    client: httpx.AsyncClient, reader: dict[str, str]
) -> None:
    body = {"filter": "INCLUDE fans", "slug": "fans"}

    answer = await client.post("/api/audiences/validate", json=body, headers=reader)

    assert "include each other" in answer.json()["message"]


async def test_an_lql_text_is_checked_against_the_schema(
    client: httpx.AsyncClient, reader: dict[str, str]
) -> None:
    good = "select toint(p) as shop_points kind int, email from shop into user by email alias s"
    bad = "SELECT toint(p) AS email KIND int, nosuch(x) AS y FROM shop INTO user BY email ALIAS s"

    fine = await client.post("/api/schema/validate", json={"lql": good}, headers=reader)
    wrong = await client.post("/api/schema/validate", json={"lql": bad}, headers=reader)

    assert fine.json()["data"]["fields"] == ["shop_points", "email"]
    assert wrong.json()["code"] == "invalid_mapping"
    assert "there is no function 'nosuch'" in wrong.json()["message"]


@pytest.mark.parametrize("path", ["/api/audiences/validate", "/api/schema/validate"])
async def test_checking_needs_a_token_and_a_text(
    client: httpx.AsyncClient, reader: dict[str, str], path: str
) -> None:
    anonymous = await client.post(path, json={"filter": "*", "lql": ""})
    empty = await client.post(path, json={"other": 1}, headers=reader)

    assert (anonymous.status_code, empty.status_code) == (401, 400)
