"""Programs make exports, try them dry, change them and steer them."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from coterie.app.services import Services
from coterie.base.clock import system_clock
from coterie.control.authorizations import create_authorization, update_authorization
from coterie.control.definitions.audiences import create_audience
from coterie.model.control import Actor, NewToken
from coterie.store import Store

ACCOUNT = 4711
ACTOR = Actor(name="test")
MakeToken = Callable[..., NewToken]
OPTIONS: dict[str, Any] = {"identifier_field": "user_id", "audiences": ["fans"]}


@pytest.fixture
def manager(make_token: MakeToken) -> dict[str, str]:
    return {"Authorization": make_token(["data_manager"]).token}


@pytest.fixture
def braze(store: Store, services: Services) -> int:
    for slug in ("fans", "vips"):
        create_audience(
            store, account=ACCOUNT, slug=slug, name=slug, filter_text="EXISTS email", actor=ACTOR,
            clock=system_clock,
        )  # fmt: skip
    return create_authorization(
        store, services.ring, account=ACCOUNT, provider="braze", method="api_key", label="Braze",
        config={"apikey": "k", "instance": "EU-01"}, actor=ACTOR, now=system_clock(),
    ).id  # fmt: skip


async def make(client: httpx.AsyncClient, manager: dict[str, str], braze: int) -> dict[str, Any]:
    body = {"label": "To Braze", "authorization_id": braze, "options": OPTIONS}
    answer = await client.post("/api/jobs/export-audience", json=body, headers=manager)
    assert answer.status_code == 201, answer.text
    job: dict[str, Any] = answer.json()["data"]
    return job


async def test_an_export_is_made_read_and_changed(
    client: httpx.AsyncClient, manager: dict[str, str], braze: int
) -> None:
    job = await make(client, manager, braze)
    path = f"/api/jobs/{job['id']}"
    change = {"label": "Both", "options": {"audiences": ["fans", "vips"]}}

    others = await client.get("/v2/segment/vips/jobs", headers=manager)
    changed = await client.put(path, json=change, headers=manager)
    read = await client.get(path, headers=manager)
    of_segment = await client.get("/v2/segment/vips/jobs", headers=manager)

    assert job["config"]["audiences"] == ["fans"]
    assert others.json()["data"] == []
    assert [one["id"] for one in of_segment.json()["data"]] == [job["id"]]
    assert changed.json()["data"] == read.json()["data"]
    assert read.json()["data"]["label"] == "Both"
    assert read.json()["data"]["config"]["audiences"] == ["fans", "vips"]


async def test_audiences_are_told_as_cohorts_where_the_authorization_opens_them(
    client: httpx.AsyncClient, manager: dict[str, str], braze: int, services: Services
) -> None:
    update_authorization(
        services.store, services.ring, account=ACCOUNT, authorization_id=braze,
        config={"cohort_partner": "acme", "cohort_partner_key": "p", "cohort_import_key": "i"},
        actor=ACTOR, now=system_clock(),
    )  # fmt: skip
    body = {
        "label": "Cohorts",
        "authorization_id": braze,
        "options": {**OPTIONS, "form": "cohorts"},
    }

    made = await client.post("/api/jobs/export-audience", json=body, headers=manager)
    path = f"/api/jobs/{made.json()['data']['id']}"
    change = {"options": {"form": "array"}}
    changed = await client.put(path, json=change, headers=manager)

    assert made.status_code == 201
    assert made.json()["data"]["config"]["form"] == "cohorts"
    assert changed.status_code == 400
    assert "The form of a job cannot change" in changed.json()["message"]


async def test_a_job_is_paused_resumed_killed_and_deleted(
    client: httpx.AsyncClient, manager: dict[str, str], braze: int
) -> None:
    path = f"/api/jobs/{(await make(client, manager, braze))['id']}"

    states = [
        (await client.post(f"{path}/{step}", headers=manager)).json()["data"]["state"]
        for step in ("pause", "resume", "kill")
    ]
    deleted = await client.delete(path, headers=manager)
    unknown = await client.post(f"{path}/dance", headers=manager)

    assert states == ["paused", "runnable", "killed"]
    assert deleted.json()["data"]["state"] == "deleted"
    assert unknown.status_code == 400


async def test_a_job_cleans_up_on_request(
    client: httpx.AsyncClient, manager: dict[str, str], braze: int
) -> None:
    path = f"/api/jobs/{(await make(client, manager, braze))['id']}"

    answer = await client.delete(f"{path}?clean_up=true", headers=manager)

    assert answer.json()["data"]["state"] == "runnable"
    assert answer.json()["data"]["checkpoint"]["ending"] == "deleted"


async def test_a_dry_run_gives_figures_and_makes_nothing(
    client: httpx.AsyncClient, manager: dict[str, str], braze: int
) -> None:
    body = {"authorization_id": braze, "options": OPTIONS}

    answer = await client.post("/api/jobs/dry-run", json=body, headers=manager)
    jobs = await client.get("/api/jobs", headers=manager)

    assert answer.status_code == 200
    assert (answer.json()["data"]["users"], answer.json()["data"]["requests"]) == (0, 0)
    assert jobs.json()["data"] == []


async def test_a_job_that_runs_can_be_counted_with_other_options(
    client: httpx.AsyncClient, manager: dict[str, str], braze: int
) -> None:
    job = await make(client, manager, braze)
    body = {"job_id": job["id"], "options": {"audiences": ["vips"]}, "clean_up": True}

    answer = await client.post("/api/jobs/dry-run", json=body, headers=manager)

    assert answer.json()["data"]["cleaned"] == 0


async def test_whom_a_job_omits_is_listed(
    client: httpx.AsyncClient, manager: dict[str, str], braze: int
) -> None:
    job = await make(client, manager, braze)

    answer = await client.get(f"/api/jobs/{job['id']}/omitted", headers=manager)
    missing = await client.get("/api/jobs/999/omitted", headers=manager)

    assert answer.json()["data"] == []
    assert (missing.status_code, missing.json()["code"]) == (404, "unknown_job")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/jobs/export-audience"),
        ("POST", "/api/jobs/dry-run"),
        ("PUT", "/api/jobs/1"),
        ("POST", "/api/jobs/1/pause"),
        ("DELETE", "/api/jobs/1"),
    ],
)
async def test_steering_needs_a_manager(
    client: httpx.AsyncClient, make_token: MakeToken, method: str, path: str
) -> None:
    headers = {"Authorization": make_token(["observer"]).token}
    body = {"label": "x", "authorization_id": 1, "options": {}} if "export" in path else {}

    answer = await client.request(method, path, json=body, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "audiences"),
        ({"audiences": ["fans"]}, "at least one field"),
        ({**OPTIONS, "colour": "red"}, "no option 'colour'"),
        ({**OPTIONS, "quiet": {"zone": "UTC"}}, "do not fit"),
        ({**OPTIONS, "form": "cohorts"}, "has no access to cohorts"),
        ({**OPTIONS, "form": "cohorts", "phone_field": "phone"}, "not by phone"),
    ],
)
async def test_options_that_do_not_fit_are_refused(
    client: httpx.AsyncClient,
    manager: dict[str, str],
    braze: int,
    options: dict[str, Any],
    message: str,
) -> None:
    body = {"label": "To Braze", "authorization_id": braze, "options": options}

    answer = await client.post("/api/jobs/export-audience", json=body, headers=manager)

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_job")
    assert message in answer.json()["message"]
