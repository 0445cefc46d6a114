"""Files of Export to SFTP jobs take the place of no other file and leave nothing half behind."""

import subprocess
import sys
from pathlib import Path

from tests.functional.exports.office import Office
from tests.functional.flow.conftest import ACTOR

from coterie.control.jobs import delete_job, job_logs, resume_job
from coterie.model.control import Job

SCRIPT = Path(__file__).with_name("export_process.py")


def resume(office: Office, job: Job) -> None:
    resume_job(
        office.store,
        account=office.account.number,
        job_id=job.id,
        actor=ACTOR,
        clock=lambda: office.now,
    )


def die_half_way(office: Office) -> None:
    data_dir = office.bench.settings.data_dir
    subprocess.run(
        [sys.executable, str(SCRIPT), office.store.url, str(data_dir)],
        capture_output=True,
        check=False,
    )


def test_a_file_of_somebody_else_is_left_as_it_is_and_the_job_says_the_cure(
    office: Office,
) -> None:
    office.out.mkdir(parents=True)
    theirs = office.out / "users.csv"
    theirs.write_text("theirs")
    job = office.create(fields=["user_id"], filename="users")

    office.run_jobs()
    stopped = office.state(job)
    kept = theirs.read_text()
    theirs.rename(office.out / "theirs.csv")
    resume(office, job)
    office.run_jobs()

    assert stopped.state == "failed"
    assert "holds 'users.csv' already" in (stopped.last_error or "")
    told = [line.message for line in job_logs(office.store, office.account.number, job.id)]
    assert any("Rename or remove it" in message for message in told)
    assert kept == "theirs"
    assert office.state(job).state == "completed"
    assert theirs.read_text().startswith("user_id")


def test_what_a_job_of_the_account_wrote_there_is_replaced(office: Office) -> None:
    first = office.create(fields=["user_id"], filename="users")
    office.run_jobs()
    delete_job(
        office.store,
        account=office.account.number,
        job_id=first.id,
        actor=ACTOR,
        clock=lambda: office.now,
    )

    second = office.create(fields=["country"], filename="users")
    office.run_jobs()

    assert office.state(second).state == "completed", office.state(second).last_error
    assert (office.out / "users.csv").read_text().startswith("country")


def test_a_file_of_ours_in_another_folder_gives_no_right_to_one_that_is_not_ours(
    office: Office,
) -> None:
    job = office.create(
        fields=["user_id"], filename="users", frequency="daily", time_of_day="02:30"
    )
    office.run_jobs()
    (office.out / "new").mkdir()
    (office.out / "new" / "users.csv").write_text("theirs")

    office.change(job, folder="new", frequency="", time_of_day="")
    office.run_jobs()

    assert office.state(job).state == "failed"
    assert "'new' holds 'users.csv'" in (office.state(job).last_error or "")
    assert (office.out / "new" / "users.csv").read_text() == "theirs"


def test_a_run_that_was_killed_and_goes_to_another_folder_leaves_nothing_in_the_first(
    office: Office,
) -> None:
    job = office.create(fields=["user_id"], filename="users")
    die_half_way(office)
    half = [path.name for path in office.out.iterdir()]
    (office.out / "new").mkdir()

    office.change(job, folder="new", filename="people")
    office.run_jobs()

    assert len(half) == 1
    assert half[0].endswith(".part")
    assert office.state(job).state == "completed", office.state(job).last_error
    assert [path.name for path in office.out.iterdir()] == ["new"]
    assert [path.name for path in (office.out / "new").iterdir()] == ["people.csv"]
    assert [file.name for file in office.written(job)] == ["people.csv"]
