from msgspec.structs import replace
from tests.functional.console.conftest import ACCOUNT, Visitor

from coterie.console.dependencies import ConsoleDependencies
from coterie.control.definitions.audiences import create_audience
from coterie.control.jobs import list_jobs
from coterie.flow.exports.written import finish_written, start_written
from coterie.model.control import Actor
from coterie.model.file_exports import ExportFilesConfig, WrittenFile

NEW = "/data/jobs/new/export-files"
PAGE = f"{NEW}?authorization=local"


def make_audience(deps: ConsoleDependencies) -> None:
    create_audience(
        deps.store,
        account=ACCOUNT,
        slug="vips",
        name="VIPs",
        description="",
        filter_text="FILTER EXISTS user_id",
        actor=Actor(name="test"),
        clock=deps.clock,
    )


def test_without_an_audience_the_page_says_to_make_one(admin: Visitor) -> None:
    assert NEW in admin.open("/data/jobs/new").text
    assert "Where shall the files go?" in admin.open(NEW).text
    assert "Make an audience first" in admin.open(PAGE).text


def test_columns_are_written_in_the_order_of_their_places_under_their_headings(
    admin: Visitor, deps: ConsoleDependencies
) -> None:
    make_audience(deps)

    answer = admin.send(
        NEW,
        page=PAGE,
        authorization="local",
        label="VIPs for the printer",
        audience="vips",
        fields=["email", "first_name", "user_id"],
        **{"name:email": "E-Mail", "place:user_id": "1", "place:first_name": "2"},
        format="csv",
        filename="{AUDIENCE}_{TIMESTAMP}",
        delimiter=";",
        write_header="yes",
        frequency="weekly",
        weekday="monday",
        time_of_day="06:00",
        timezone="Europe/Oslo",
    )

    assert answer.status_code == 303, answer.text
    (job,) = list_jobs(deps.store, ACCOUNT)
    assert isinstance(job.config, ExportFilesConfig)
    assert job.config.fields == ("user_id", "first_name", "email")
    assert job.config.names == {"email": "E-Mail"}
    assert (job.config.weekday, job.config.delimiter) == ("monday", ";")
    page = admin.open(f"/data/jobs/{job.id}").text
    assert "Weekly, Monday 06:00 Europe/Oslo" in page
    assert "email as E-Mail" in page


def test_what_is_wrong_is_said_and_what_was_entered_stays(
    admin: Visitor, deps: ConsoleDependencies
) -> None:
    make_audience(deps)

    page = admin.send(
        NEW,
        page=PAGE,
        authorization="local",
        label="Mine",
        audience="vips",
        filename="a/b",
        format="csv",
        delimiter=",",
    )

    assert page.status_code == 400
    assert "is no file name" in page.text
    assert 'value="Mine"' in page.text
    assert list_jobs(deps.store, ACCOUNT) == []


def test_the_page_of_a_job_lists_its_files(admin: Visitor, deps: ConsoleDependencies) -> None:
    make_audience(deps)
    admin.send(
        NEW,
        page=PAGE,
        authorization="local",
        label="VIPs",
        audience="vips",
        filename="vips",
        format="json",
        delimiter=",",
    )
    (job,) = list_jobs(deps.store, ACCOUNT)
    now = deps.clock()
    with deps.store.transaction() as conn:
        start_written(conn, job.id, "vips.json", folder="", now=now)
        done = WrittenFile(
            name="vips.json",
            state="done",
            people=1234,
            left_out=7,
            size=40,
            sha256="ab" * 32,
            started_at=now,
            finished_at=now,
        )
        finish_written(conn, job.id, done)

    page = admin.open(f"/data/jobs/{job.id}").text

    assert "vips.json" in page
    assert "1,234" in page
    assert "ab" * 32 in page
    assert "Files that it has written stay" in admin.open(f"/data/jobs/{job.id}/kill").text


def test_a_job_is_edited_from_its_page_and_keeps_what_is_not_touched(
    admin: Visitor, deps: ConsoleDependencies
) -> None:
    make_audience(deps)
    given = {
        "label": "VIPs",
        "audience": "vips",
        "fields": ["email", "user_id"],
        "name:email": "E-Mail",
        "place:user_id": "1",
        "filename": "vips_{TIMESTAMP}",
        "time_format": "%Y%m%d",
        "format": "csv",
        "delimiter": "t",
        "join": "|",
        "frequency": "daily",
        "time_of_day": "06:00",
    }
    admin.send(NEW, page=PAGE, authorization="local", **given)
    (job,) = list_jobs(deps.store, ACCOUNT)
    edit = f"/data/jobs/{job.id}/edit-files"

    form = admin.open(edit).text
    bad = admin.send(edit, page=edit, **{**given, "filename": "a/b"})
    done = admin.send(edit, page=edit, **{**given, "label": "Best", "time_of_day": "07:00"})

    assert edit in admin.open(f"/data/jobs/{job.id}").text
    assert 'value="E-Mail"' in form
    assert 'value="%Y%m%d"' in form
    assert "Save changes" in form
    assert bad.status_code == 400
    assert "is no file name" in bad.text
    assert done.status_code == 303, done.text
    (after,) = list_jobs(deps.store, ACCOUNT)
    assert after.label == "Best"
    assert isinstance(job.config, ExportFilesConfig)
    assert after.config == replace(job.config, time_of_day="07:00")
