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


async def test_an_export_to_files_is_made_and_tells_of_its_files(
    client: httpx.AsyncClient,
    manager: dict[str, str],
    make_token: MakeToken,
    services: Services,
) -> None:
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
        start_written(conn, job["id"], "vips.csv.gz", now=now)
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
