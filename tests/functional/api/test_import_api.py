import os
from pathlib import Path

import httpx
import pytest
from tests.functional.api.conftest import ACCOUNT, MakeToken

from coterie.app.services import Services, config_source
from coterie.base.clock import system_clock
from coterie.flow.imports.files import finish_file, keep_rejects, start_file
from coterie.flow.imports.rows import BadRow
from coterie.model.imports import CsvFormat, ImportTask
from coterie.worker.loop import Worker, WorkerDependencies, prepare_connection

OPTIONS = {"folder": ".", "prefix": "users_", "stream": "default"}


def work_off(services: Services) -> None:
    """Process the log under the names that the web process gives people too."""
    deps = WorkerDependencies(
        services.store, config_source(), system_clock, services.batch_settings
    )
    with services.store.connect() as connection:
        prepare_connection(connection)
        worker = Worker(deps, connection)
        while worker.turn():
            pass


@pytest.fixture
def folder(services: Services) -> Path:
    made = services.settings.data_dir / "imports"
    made.mkdir(parents=True)
    path = made / "users_1.csv"
    path.write_text("user_id,E-Mail\nu1,kim@shop.example\n")
    os.utime(path, (1, 1))
    return made


@pytest.fixture
def manager(make_token: MakeToken) -> dict[str, str]:
    return {"Authorization": f"Bearer {make_token(['data_manager']).token}"}


@pytest.mark.usefixtures("folder")
async def test_files_are_looked_at_and_nothing_is_made(
    client: httpx.AsyncClient, manager: dict[str, str]
) -> None:
    answer = await client.post(
        "/api/jobs/import-csv/look", headers=manager, json={"options": OPTIONS}
    )
    jobs = await client.get("/api/jobs", headers=manager)

    assert answer.status_code == 200, answer.text
    newest = answer.json()["data"]["newest"]
    assert [column["raw_key"] for column in newest["columns"]] == ["user_id", "email"]
    assert newest["rows"][0]["identifiers"] == [["user_id", "u1"], ["email", "kim@shop.example"]]
    assert jobs.json()["data"] == []


async def test_a_look_shows_what_would_become_of_people_who_are_known(
    client: httpx.AsyncClient,
    folder: Path,
    manager: dict[str, str],
    token: str,
    services: Services,
) -> None:
    known = [
        {"user_id": "u1", "first_name": "Kim", "city": "Oslo"},
        {"email": "kim@shop.example", "last_name": "Berg"},
    ]
    await client.post(f"/c/{ACCOUNT}/default", params={"key": token}, json=known)
    work_off(services)
    rows = "user_id,email,city\nu1,kim@shop.example,Bergen\nu2,,Bodø\n,,Moss\nu1,,Tromsø\n"
    (folder / "users_1.csv").write_text(rows, encoding="utf-8")

    looks = [
        await client.post("/api/jobs/import-csv/look", headers=manager, json={"options": OPTIONS})
        for _ in range(2)
    ]

    assert looks[0].json()["data"]["newest"]["people_hint"] == ""
    one, other = looks[0].json()["data"]["newest"]["people"]
    assert (one["lines"], one["profile"]["is_new"]) == ([2, 5], False)
    assert len(one["profile"]["absorbed"]) == 1
    changes = {each["field"]: (each["before"], each["after"]) for each in one["profile"]["changes"]}
    assert changes["city"] == ("Oslo", "Tromsø")
    assert "first_name" not in changes
    values = dict(one["profile"]["values"])
    assert (values["first_name"], values["last_name"]) == ("Kim", "Berg")
    assert (other["lines"], other["profile"]["is_new"]) == ([3], True)
    # Nothing of it was done, or the second look would have nothing to change.
    again = looks[1].json()["data"]["newest"]["people"][0]["profile"]
    assert again["absorbed"] == one["profile"]["absorbed"]
    assert {"field": "city", "before": "Oslo", "after": "Tromsø"} in again["changes"]


@pytest.mark.usefixtures("folder")
async def test_a_look_waits_for_no_worker_and_says_so(
    client: httpx.AsyncClient, manager: dict[str, str], services: Services
) -> None:
    with services.store.transaction(generation=1) as conn:
        conn.execute("LOCK TABLE profile IN ACCESS EXCLUSIVE MODE")

        answer = await client.post(
            "/api/jobs/import-csv/look", headers=manager, json={"options": OPTIONS}
        )

    newest = answer.json()["data"]["newest"]
    assert newest["rows"][0]["identifiers"] == [["user_id", "u1"], ["email", "kim@shop.example"]]
    assert newest["people"] == []
    assert newest["people_hint"].startswith("A worker is at these people")


@pytest.mark.usefixtures("folder")
async def test_an_import_is_made_and_tells_of_its_files_and_bad_rows(
    client: httpx.AsyncClient,
    manager: dict[str, str],
    make_token: MakeToken,
    services: Services,
) -> None:
    made = await client.post(
        "/api/jobs/import-csv",
        headers=manager,
        json={"label": "Users", "options": {**OPTIONS, "diff": True}},
    )
    assert made.status_code == 201, made.text
    job = made.json()["data"]["id"]
    task = ImportTask(
        job_id=job,
        account=ACCOUNT,
        stream="default",
        format=CsvFormat(),
        name="users_1.csv",
        size=1,
        sha256=b"s" * 32,
    )
    with services.store.transaction() as conn:
        start_file(conn, task, now=system_clock())
        keep_rejects(
            conn, task, [BadRow(1, 2, "it has 1 cells", "u1\n", "E-Mail")], now=system_clock()
        )
        finish_file(conn, task, now=system_clock())
    reader = {"Authorization": f"Bearer {make_token(['observer']).token}"}

    files = await client.get(f"/api/jobs/{job}/files", headers=reader)
    rows = await client.get(f"/api/jobs/{job}/rejected-rows", headers=manager)
    refused = await client.get(f"/api/jobs/{job}/rejected-rows", headers=reader)
    unknown = await client.get("/api/jobs/999/files", headers=reader)

    assert [(one["name"], one["state"]) for one in files.json()["data"]] == [
        ("users_1.csv", "done")
    ]
    assert rows.text == (
        "file,line,column,reason,row\r\nusers_1.csv,2,E-Mail,it has 1 cells,u1\r\n"
    )
    assert refused.status_code == 403
    assert unknown.status_code == 404


async def test_a_look_tries_as_many_rows_as_are_asked_for_up_to_a_hundred(
    client: httpx.AsyncClient, manager: dict[str, str], folder: Path
) -> None:
    people = [f"v{number},v{number}@shop.example" for number in range(150)]
    (folder / "users_2.csv").write_text("user_id,E-Mail\n" + "\n".join(people) + "\n")
    os.utime(folder / "users_2.csv", (2, 2))
    path = "/api/jobs/import-csv/look"

    usual = await client.post(path, headers=manager, json={"options": OPTIONS})
    most = await client.post(path, headers=manager, json={"options": OPTIONS, "rows": 100})
    wrong = [
        await client.post(path, headers=manager, json={"options": OPTIONS, "rows": rows})
        for rows in (0, 101)
    ]

    assert [answer.status_code for answer in wrong] == [400, 400]
    assert "1 to 100 rows" in wrong[1].text
    few, many = usual.json()["data"]["newest"], most.json()["data"]["newest"]
    assert (len(few["rows"]), len(few["people"])) == (5, 5)
    assert (len(many["rows"]), len(many["people"])) == (100, 100)
    assert [person["lines"] for person in many["people"]] == [[line] for line in range(2, 102)]
    assert all(person["profile"]["is_new"] for person in many["people"])
