from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.functional.exports.office import Office
from tests.functional.flow.conftest import ACTOR

from coterie.base.errors import UserError
from coterie.control.jobs import BadJobError, job_logs, kill_job, pause_job, update_job
from coterie.model.file_exports import ExportFilesConfig
from coterie.worker.jobs import run_due_job

DAILY: dict[str, Any] = {"frequency": "daily", "time_of_day": "02:30", "fields": ["user_id"]}
EVERYTHING: dict[str, Any] = {
    "audience": "norwegians",
    "folder": "new",
    "fields": ["country", "user_id"],
    "names": {"country": "Land"},
    "audience_column": "in",
    "format": "json",
    "filename": "people_{TIMESTAMP}",
    "time_format": "%Y%m%d",
    "delimiter": ";",
    "join": "|",
    "write_header": False,
    "gzip": True,
    "frequency": "weekly",
    "time_of_day": "04:00",
    "weekday": "friday",
    "timezone": "Europe/Oslo",
    "limit": 7,
    "suppressed_by": ["all"],
    "consent": {"field": "country", "values": ["NO"]},
}


def test_every_option_changes_and_those_left_out_stay(office: Office) -> None:
    job = office.create(**DAILY)

    relabelled = office.change(job)
    changed = office.change(job, **EVERYTHING)

    assert set(EVERYTHING) == set(ExportFilesConfig.__struct_fields__)
    assert relabelled.config == job.config
    assert isinstance(changed.config, ExportFilesConfig)
    for name in EVERYTHING:
        assert getattr(changed.config, name) != getattr(job.config, name), name
    kept = office.change(job, limit=8).config
    assert isinstance(kept, ExportFilesConfig)
    assert (kept.limit, kept.weekday, kept.fields) == (8, "friday", ("country", "user_id"))


def test_a_changed_job_writes_its_next_file_by_the_new_options_when_that_is_due(
    office: Office,
) -> None:
    job = office.create(**DAILY)
    office.run_jobs()
    before = office.state(job)

    renamed = office.change(job, fields=["user_id", "country"], names={"country": "Land"})
    moved = office.change(job, time_of_day="05:00")
    office.run_jobs()
    files_before_it_was_due = len(office.written(job))
    office.now = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
    office.run_jobs()

    assert renamed.run_at == before.run_at
    assert moved.run_at == datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
    assert files_before_it_was_due == 1
    newest = office.written(job)[0]
    assert (office.out / newest.name).read_text().splitlines()[0] == "user_id,Land"


def test_a_schedule_that_is_taken_away_leaves_one_last_file(office: Office) -> None:
    job = office.create(**DAILY)
    office.run_jobs()
    office.now += timedelta(minutes=1)

    office.change(job, frequency="", time_of_day="")
    office.run_jobs()

    assert office.state(job).state == "completed"
    assert len(office.written(job)) == 2


def test_a_file_under_way_is_written_anew_by_the_new_options_and_under_its_new_name(
    office: Office,
) -> None:
    job = office.create(fields=["user_id"])
    with office.store.connect(autocommit=True) as conn:
        run_due_job(office.bench, conn, is_stopping=lambda: True)
    assert [file.state for file in office.written(job)] == ["writing"]

    office.change(job, fields=["country"], format="json", filename="land")
    office.run_jobs()

    (file,) = office.written(job)
    assert (file.name, file.state) == ("land.json", "done")
    assert [path.name for path in office.out.iterdir()] == ["land.json"]
    assert b"user_id" not in (office.out / "land.json").read_bytes()
    assert office.state(job).state == "completed"


def test_a_paused_job_stays_paused_and_an_ended_one_cannot_change(office: Office) -> None:
    paused = office.create(**DAILY)
    given: dict[str, Any] = {
        "account": office.account.number,
        "job_id": paused.id,
        "actor": ACTOR,
        "clock": lambda: office.now,
    }
    pause_job(office.store, **given)

    assert office.change(paused, limit=5).state == "paused"
    kill_job(office.store, **given)
    with pytest.raises(BadJobError, match="is killed"):
        office.change(paused, limit=6)


def test_what_does_not_fit_changes_nothing(office: Office) -> None:
    job = office.create(**DAILY)
    office.create(fields=["country"], frequency="hourly", filename="countries")

    for options in (
        {"audience": "nobody"},
        {"fields": ["nothing"]},
        {"filename": "countries"},
        {"weekday": "monday"},
        {"colour": "red"},
    ):
        with pytest.raises(UserError):
            office.change(job, **options)
    with pytest.raises(BadJobError, match="without clean-up"):
        update_job(
            office.store,
            account=office.account.number,
            job_id=job.id,
            clean_up=True,
            actor=ACTOR,
            clock=lambda: office.now,
        )

    assert office.state(job) == job


def test_a_change_is_told_in_the_log_of_the_job_and_in_the_audit_log(office: Office) -> None:
    job = office.create(**DAILY)

    office.change(job, limit=5, gzip=True)

    line = job_logs(office.store, office.account.number, job.id)[0]
    assert (line.code, line.context) == ("updated", {"changed": ["gzip", "limit"]})
