import httpx
import pytest
from tests.functional.api.conftest import ACCOUNT, MakeToken

from coterie.app.services import Services
from coterie.base.clock import system_clock
from coterie.control.definitions.audiences import create_audience
from coterie.flow.exports.written import finish_written, start_written
from coterie.model.control import Actor
from coterie.model.file_exports import WrittenFile


@pytest.fixture
def manager(make_token: MakeToken) -> dict[str, str]:
    return {"Authorization": f"Bearer {make_token(['data_manager']).token}"}


def make_vips(services: Services) -> None:
    create_audience(
        services.store,
        account=ACCOUNT,
        slug="vips",
        name="VIPs",
        description="",
        filter_text="FILTER EXISTS user_id",
        actor=Actor(name="test"),
        clock=system_clock,
    )


async def test_an_export_to_files_is_made_and_tells_of_its_files(
    client: httpx.AsyncClient,
    manager: dict[str, str],
    make_token: MakeToken,
    services: Services,
) -> None:
    make_vips(services)
    new = {"label": "VIPs", "options": {"audience": "vips", "fields": ["email"], "gzip": True}}
    writer = {"Authorization": f"Bearer {make_token(['data_write']).token}"}

    refused = await client.post("/api/jobs/export-files", headers=writer, json=new)
    wrong = {**new, "options": {"audience": "vips", "fields": ["nothing"]}}
    bad = await client.post("/api/jobs/export-files", headers=manager, json=wrong)
    made = await client.post("/api/jobs/export-files", headers=manager, json=new)

    assert refused.status_code == 403
    assert bad.status_code == 404
    assert "nothing" in bad.text
    assert made.status_code == 201, made.text
    job = made.json()["data"]
    assert (job["kind"], job["state"]) == ("export_files", "runnable")
    now = system_clock()
    with services.store.transaction() as conn:
        start_written(conn, job["id"], "vips.csv.gz", folder="", now=now)
        done = WrittenFile(
            name="vips.csv.gz",
            state="done",
            people=3,
            left_out=1,
            size=40,
            sha256="ab" * 32,
            started_at=now,
            finished_at=now,
        )
        finish_written(conn, job["id"], done)
    path = f"/api/jobs/{job['id']}/written-files"
    (file,) = (await client.get(path, headers=manager)).json()["data"]
    assert (file["name"], file["people"], file["sha256"]) == ("vips.csv.gz", 3, "ab" * 32)
    assert (await client.get("/api/jobs/999/written-files", headers=manager)).status_code == 404


async def test_jobs_of_files_change_by_the_route_of_all_jobs(
    client: httpx.AsyncClient,
    manager: dict[str, str],
    make_token: MakeToken,
    services: Services,
) -> None:
    make_vips(services)
    new = {"label": "VIPs", "options": {"audience": "vips", "fields": ["email"]}}
    export = (await client.post("/api/jobs/export-files", headers=manager, json=new)).json()["data"]
    files = {"label": "In", "options": {"stream": "default", "folder": ".", "prefix": "users_"}}
    imported = await client.post("/api/jobs/import-csv", headers=manager, json=files)
    path, other = f"/api/jobs/{export['id']}", f"/api/jobs/{imported.json()['data']['id']}"
    writer = {"Authorization": f"Bearer {make_token(['data_write']).token}"}

    refused = await client.put(path, headers=writer, json={"label": "Mine"})
    wrong = await client.put(path, headers=manager, json={"options": {"fields": ["nothing"]}})
    unclean = await client.put(path, headers=manager, json={"clean_up": True})
    changed = await client.put(
        path, headers=manager, json={"label": "Best", "options": {"gzip": True}}
    )
    moved = await client.put(other, headers=manager, json={"options": {"filename": "users.csv"}})

    assert refused.status_code == 403
    assert (wrong.status_code, unclean.status_code) == (404, 400)
    assert "Do without clean-up" in unclean.text
    assert changed.status_code == 200, changed.text
    found = changed.json()["data"]
    assert (found["label"], found["config"]["gzip"]) == ("Best", True)
    assert found["config"]["fields"] == ["email"]
    assert moved.json()["data"]["config"]["filename"] == "users.csv"
    assert moved.json()["data"]["config"]["prefix"] == ""
