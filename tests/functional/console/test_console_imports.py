import os
from datetime import timedelta
from pathlib import Path

import pytest
from tests.functional.console.conftest import ACCOUNT, NOW, Visitor

from coterie.app.services import Services, config_source
from coterie.console.dependencies import ConsoleDependencies
from coterie.control.jobs import list_jobs
from coterie.flow.eventlog.bulk import append_events
from coterie.flow.eventlog.lanes import ensure_lanes
from coterie.model.control import ImportCsvConfig
from coterie.model.events import IncomingEvent
from coterie.worker.loop import Worker, WorkerDependencies, prepare_connection

NEW = "/data/jobs/new/import-csv"
PAGE = f"{NEW}?authorization=local"
BRAZE = (
    "Appboy ID,user_id,email,phone_number,random_bucket,IDFAs,first_name\n"
    "a1,u1,kim@shop.example,'+15045550100,17,,Kim\n"
)


@pytest.fixture
def folder(deps: ConsoleDependencies) -> Path:
    made = deps.settings.data_dir / "imports"
    made.mkdir(parents=True)
    return made


def put(folder: Path, name: str, text: str, *, at: int) -> None:
    (folder / name).write_text(text, encoding="utf-8")
    os.utime(folder / name, (at, at))


def test_a_look_shows_files_columns_and_first_rows_as_profiles(
    admin: Visitor, folder: Path, deps: ConsoleDependencies
) -> None:
    put(folder, "users_1.csv", "user_id\nold\n", at=1_700_000_000)
    put(folder, "users_2.csv", BRAZE, at=1_700_000_100)

    page = admin.send(
        f"{NEW}/look", page=PAGE, authorization="local", folder=".", which="prefix", file="users_"
    )

    assert page.status_code == 200
    assert "2 files" in page.text
    assert "a Braze export" in page.text
    assert "+15045550100" in page.text
    assert "kim@shop.example" in page.text
    assert 'name="braze_format" type="checkbox" value="yes" checked' in page.text
    assert list_jobs(deps.store, ACCOUNT) == []


def test_a_look_shows_what_would_become_of_each_person(
    admin: Visitor, folder: Path, deps: ConsoleDependencies
) -> None:
    known = IncomingEvent(
        account=ACCOUNT,
        stream="default",
        received_at=NOW,
        body='{"user_id": "u1", "city": "Oslo", "first_name": "Kim"}',
        occurred_at=NOW - timedelta(days=1),
    )
    services = Services(deps.settings, deps.clock, deps.ring, deps.store)
    with deps.store.transaction() as conn:
        ensure_lanes(conn, 1)
        append_events(conn, 0, [known])
    worker_deps = WorkerDependencies(
        deps.store, config_source(), deps.clock, services.batch_settings
    )
    with deps.store.connect() as connection:
        prepare_connection(connection)
        worker = Worker(worker_deps, connection)
        while worker.turn():
            pass
    today = int(NOW.timestamp())
    put(folder, "users.csv", "user_id,city\nu1,Bergen\nu2,Moss\n,Nowhere\n", at=today)
    given = {"authorization": "local", "folder": ".", "which": "file", "file": "users.csv"}

    page = admin.send(f"{NEW}/look", page=PAGE, **given, stream="default")

    text = " ".join(page.text.split())
    assert "A profile that is known" in text
    assert "A new profile" in text
    assert ">Oslo</td>" in text
    assert "<strong>Bergen</strong>" in text
    assert 'class="any">Kim</td><td data-label="After the import" class="muted">stays' in text
    assert "It would name nobody" in text


def test_columns_that_are_called_otherwise_are_proposed_and_taken(
    admin: Visitor, folder: Path, deps: ConsoleDependencies
) -> None:
    put(folder, "kunden.csv", "Kundennummer;E-Mail;Vorname\n7;kim@shop.example;Kim\n", at=1)
    given = {"authorization": "local", "folder": ".", "which": "file", "file": "kunden.csv"}

    look = admin.send(f"{NEW}/look", page=PAGE, **given, stream="default")
    admin.send(
        NEW,
        page=PAGE,
        **given,
        label="Kunden",
        stream="default",
        delimiter=";",
        **{"name:Kundennummer": "user_id", "name:E-Mail": "email", "name:Vorname": "first_name"},
    )

    assert '<option value=";" selected>' in look.text
    assert 'name="name:Kundennummer" value="user_id"' in look.text
    (job,) = list_jobs(deps.store, ACCOUNT)
    assert isinstance(job.config, ImportCsvConfig)
    assert job.config.names == {
        "Kundennummer": "user_id",
        "E-Mail": "email",
        "Vorname": "first_name",
    }


def test_an_import_is_edited_from_its_page_and_keeps_the_raw_keys_that_were_chosen(
    admin: Visitor, folder: Path, deps: ConsoleDependencies
) -> None:
    put(folder, "users_1.csv", "user_id,town\nu1,Oslo\n", at=1_700_000_000)
    given = {
        "label": "Users",
        "stream": "default",
        "folder": ".",
        "which": "pattern",
        "file": "users_",
        "name:town": "city",
        "delimiter": ",",
        "continuous_update": "yes",
    }
    admin.send(NEW, page=PAGE, authorization="local", **given)
    (job,) = list_jobs(deps.store, ACCOUNT)
    edit = f"/data/jobs/{job.id}/edit-import"

    form = admin.open(edit).text
    look = admin.send(f"{edit}/look", page=edit, **given)
    bad = admin.send(edit, page=edit, **{**given, "folder": ""})
    done = admin.send(edit, page=edit, **{**given, "which": "prefix", "diff": "yes"})

    assert edit in admin.open(f"/data/jobs/{job.id}").text
    assert '<input type="hidden" name="name:town" value="city">' in form
    assert "Save changes" in look.text
    assert "1 file" in look.text
    assert bad.status_code == 400
    assert done.status_code == 303, done.text
    (after,) = list_jobs(deps.store, ACCOUNT)
    assert isinstance(after.config, ImportCsvConfig)
    assert (after.config.prefix, after.config.pattern, after.config.diff) == ("users_", "", True)
    assert after.config.names == {"town": "city"}


def test_a_look_tries_as_many_rows_as_the_page_asks_for(admin: Visitor, folder: Path) -> None:
    rows = "".join(f"visitor-{number:02}\n" for number in range(30))
    put(folder, "users.csv", f"user_id\n{rows}", at=int(NOW.timestamp()))
    given = {
        "authorization": "local",
        "stream": "default",
        "folder": ".",
        "which": "file",
        "file": "users.csv",
    }

    usual = admin.send(f"{NEW}/look", page=PAGE, **given).text
    more = admin.send(f"{NEW}/look", page=PAGE, **given, rows="20").text
    refused = admin.send(f"{NEW}/look", page=PAGE, **given, rows="2000")

    assert "visitor-04" in usual
    assert "visitor-05" not in usual
    assert "Line 21: a new profile" in more
    assert '<input id="rows" name="rows" type="number" min="1" max="100" value="20">' in more
    assert "visitor-20" not in more
    assert refused.status_code == 400
    assert "1 to 100 rows" in refused.text
