import gzip
import io
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from arro3.io import read_parquet
from tests.functional.exports.office import Office
from tests.functional.flow.conftest import ACTOR

from coterie.base.errors import UserError
from coterie.control.definitions.audiences import AudienceInUseError, create_audience
from coterie.control.definitions.pipeline import load_config
from coterie.control.jobs import BadJobError, job_logs
from coterie.flow.run import snapshot
from coterie.flow.run.snapshot import Snapshot
from coterie.model.file_exports import ExportFilesConfig
from coterie.worker.jobs import run_due_job


def test_members_are_written_with_the_chosen_fields_in_their_order_under_their_headings(
    office: Office,
) -> None:
    rows = office.rows(
        fields=["first_name", "user_id", "country"],
        names={"first_name": "Vorname"},
        audience_column="audiences",
    )

    assert rows[0] == ["Vorname", "user_id", "country", "audiences"]
    assert sorted(rows[1:], key=lambda row: row[1]) == [
        ["Kim, the first", "u1", "", "all"],
        ["", "u2", "NO", "all&norwegians"],
        ['Åse "A"', "u3", "NO", "all&norwegians"],
    ]


def test_personal_fields_are_written_only_if_they_are_named(office: Office) -> None:
    plain = office.rows()
    named = office.rows(fields=["user_id", "email"])

    assert "country" in plain[0]
    assert "email" not in plain[0]
    assert "shop.example" not in str(plain)
    assert ["u1", "kim@shop.example"] in named


def test_who_is_suppressed_or_gave_no_consent_is_left_out_and_counted(office: Office) -> None:
    job = office.create(fields=["user_id"], suppressed_by=["norwegians"])
    office.run_jobs()
    agreed = office.rows(
        fields=["user_id"], consent={"field": "country", "values": ["no"]}, write_header=False
    )

    (file,) = office.written(job)
    assert (file.people, file.left_out) == (1, 2)
    assert (office.out / file.name).read_text() == "user_id\nu1\n"
    assert sorted(agreed) == [["u2"], ["u3"]]


def test_json_and_parquet_hold_the_same_people_with_their_types(office: Office) -> None:
    fields = ["user_id", "first_name", "last_seen", "event_counts"]

    lines = office.export(fields=fields, format="json").splitlines()
    table = read_parquet(io.BytesIO(office.export(fields=fields, format="parquet"))).read_all()

    people = sorted((msgspec.json.decode(line) for line in lines), key=lambda one: one["user_id"])
    assert [one["user_id"] for one in people] == ["u1", "u2", "u3"]
    assert list(people[0]) == fields
    assert people[0]["last_seen"] == "2026-03-01T12:00:00Z"
    assert people[0]["event_counts"] == {"a": 1}
    assert people[1]["first_name"] is None
    assert table.column_names == fields
    assert "Timestamp" in str(table.schema.field("last_seen").type)
    assert sorted(table["user_id"].to_pylist()) == ["u1", "u2", "u3"]
    assert set(table["last_seen"].to_pylist()) == {datetime(2026, 3, 1, 12, tzinfo=UTC)}


def test_a_file_holds_as_many_people_as_are_asked_for_or_none_if_there_are_none(
    office: Office,
) -> None:
    office.audience("none", 'FILTER country = "XX"')
    office.build()

    assert len(office.rows(fields=["user_id"], limit=2)) == 1 + 2
    assert office.export(audience="none", fields=["user_id"]) == b"user_id\n"
    assert office.export(audience="none", fields=["user_id"], format="json") == b""
    parquet = office.export(audience="none", fields=["user_id"], format="parquet")
    assert read_parquet(io.BytesIO(parquet)).read_all().num_rows == 0


def test_a_compressed_file_is_whole_and_named_so(office: Office) -> None:
    job = office.create(fields=["user_id"], gzip=True, filename="users")
    office.run_jobs()

    (file,) = office.written(job)
    content = (office.out / "users.csv.gz").read_bytes()
    assert file.name == "users.csv.gz"
    assert file.size == len(content)
    assert len(gzip.decompress(content).splitlines()) == 4


def test_a_schedule_writes_again_when_it_is_due(office: Office) -> None:
    job = office.create(
        fields=["user_id"], frequency="daily", time_of_day="02:30", timezone="Europe/Oslo"
    )

    office.run_jobs()
    first = office.state(job)
    office.run_jobs()
    office.send({"user_id": "u4", "event": "a"})
    office.work()
    office.now = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
    office.run_jobs()

    assert (first.state, first.run_at) == ("sleeping", datetime(2026, 3, 2, 1, 30, tzinfo=UTC))
    assert office.state(job).run_at == datetime(2026, 3, 3, 1, 30, tzinfo=UTC)
    assert [(file.name, file.people) for file in office.written(job)] == [
        ("all_20260302T013000Z.csv", 4),
        ("all_20260301T120000Z.csv", 3),
    ]
    codes = [line.code for line in job_logs(office.store, office.account.number, job.id)]
    assert codes[:2] == ["sleeping", "synced"]


def test_an_audience_that_is_being_built_is_waited_for(office: Office) -> None:
    office.audience("new", 'FILTER country = "NO"')
    job = office.create(audience="new", fields=["user_id"])

    office.run_jobs()
    before = office.state(job)
    office.build()
    office.now += timedelta(seconds=10)
    office.run_jobs()

    assert before.state == "running"
    assert office.state(job).state == "completed"
    assert office.written(job)[0].people == 2


def test_an_audience_that_is_written_cannot_be_archived(office: Office) -> None:
    office.create(audience="norwegians", fields=["user_id"])
    office.create(fields=["user_id"], suppressed_by=["norwegians"], filename="others")

    with pytest.raises(AudienceInUseError, match="Files"):
        office.archive("norwegians")


def test_a_draft_fails_the_job_and_writes_nothing(office: Office) -> None:
    create_audience(
        office.store,
        account=office.account.number,
        slug="draft",
        name="Draft",
        description="",
        filter_text='FILTER country = "NO"',
        is_draft=True,
        actor=ACTOR,
        clock=lambda: office.now,
    )
    job = office.create(audience="draft", fields=["user_id"])

    office.run_jobs()

    assert office.state(job).state == "failed"
    assert "Activate it" in (office.state(job).last_error or "")
    assert not list(office.out.iterdir())


def test_all_rows_are_as_they_were_when_the_first_was_read(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "AT_ONCE", 1)
    with office.store.transaction() as conn:
        account = load_config(conn).accounts[office.account.number]
    wanted = ExportFilesConfig(audience="all", fields=("user_id", "country"))
    parts = Snapshot(account, wanted).read(office.store, now=office.now)

    seen = [*next(parts).records]
    office.send(*({"user_id": f"u{n}", "country": "SE", "event": "b"} for n in range(1, 9)))
    office.work()
    seen += [record for part in parts for record in part.records]

    assert sorted(seen) == [["u1", None], ["u2", "NO"], ["u3", "NO"]]
    assert office.profile("user_id", "u1")["country"] == "SE"


def test_a_job_that_was_paused_writes_nothing_under_its_name(office: Office) -> None:
    job = office.create(fields=["user_id"])

    with office.store.connect(autocommit=True) as conn:
        run_due_job(office.bench, conn, is_stopping=lambda: True)

    assert not list(office.out.iterdir())
    assert office.state(job).state == "running"
    office.run_jobs()
    assert [file.state for file in office.written(job)] == ["done"]


def test_two_jobs_never_write_files_of_the_same_name_nor_what_is_not_there(office: Office) -> None:
    office.create(fields=["user_id"], frequency="hourly")

    with pytest.raises(BadJobError, match="writes files of this name"):
        office.create(fields=["country"])
    office.create(fields=["country"], filename="countries")
    office.create(fields=["country"], folder="other")
    for options in ({"audience": "nobody"}, {"fields": ["nothing"]}, {"suppressed_by": ["nobody"]}):
        with pytest.raises(UserError, match=r"nobody|nothing"):
            office.create(**options)
