from typing import Any

import pytest
from tests.functional.imports.conftest import ACCOUNT, ACTOR, ImportWorld

from coterie.control.jobs import BadJobError, get_job, update_file_job
from coterie.model.control import ImportCsvConfig, Job

EVERYTHING = {
    "stream": "shop",
    "folder": "new",
    "filename": "",
    "prefix": "",
    "pattern": "people_",
    "fields": ["id", "at"],
    "delimiter": ";",
    "timestamps": ["at"],
    "continuous_update": True,
    "braze_format": True,
    "names": {"id": "user_id"},
    "header": ["id", "at"],
    "encoding": "utf-16",
    "diff": True,
    "file_frequency": "daily",
    "time_of_day": "04:00",
    "timezone": "Europe/Oslo",
}


def change(world: ImportWorld, job_id: int, **options: Any) -> Job:
    return update_file_job(
        world.store,
        account=ACCOUNT,
        job_id=job_id,
        options=options,
        actor=ACTOR,
        clock=lambda: world.now,
    )


def test_every_option_changes_before_the_first_file_is_read(world: ImportWorld) -> None:
    job = get_job(world.store, ACCOUNT, world.add_job(filename="users.csv"))

    changed = change(world, job.id, **EVERYTHING)

    assert set(EVERYTHING) == set(ImportCsvConfig.__struct_fields__)
    assert isinstance(changed.config, ImportCsvConfig)
    for name in EVERYTHING.keys() - {"prefix"}:
        assert getattr(changed.config, name) != getattr(job.config, name), name
    assert change(world, job.id).config == changed.config


def test_another_way_to_name_the_files_takes_the_place_of_the_one_before(
    world: ImportWorld,
) -> None:
    job = world.add_job(filename="users.csv")

    config = change(world, job, prefix="users_").config

    assert isinstance(config, ImportCsvConfig)
    assert (config.filename, config.prefix) == ("", "users_")


def test_a_watched_folder_is_looked_at_by_the_new_options_at_once(world: ImportWorld) -> None:
    world.write("users_1.csv", "id\nu1\n")
    world.write("people_1.csv", "id;town\nu2;Oslo\n")
    job = world.add_job(prefix="users_", continuous_update=True)
    world.run()

    change(world, job, prefix="people_", delimiter=";", names={"town": "city"})
    world.run()

    assert world.events() == [{"id": "u1"}, {"id": "u2", "city": "Oslo"}]
    assert world.job(job)["state"] == "sleeping"


def test_a_file_that_could_not_be_read_is_tried_again_with_other_options(
    world: ImportWorld,
) -> None:
    world.write("users_1.csv", "id,city\nu1,Malmö\n")
    job = world.add_job(prefix="users_", continuous_update=True, fields=["id", "town"])
    world.run()
    (before,) = world.files()

    change(world, job, fields=["id", "city"])
    world.run()

    assert before[3] == "failed"
    assert world.events() == [{"id": "u1", "city": "Malmö"}]
    assert world.files() == [("users_1.csv", 1, 0, "done")]


def test_a_file_that_was_cut_off_goes_on_with_the_new_options_and_no_row_is_read_twice(
    world: ImportWorld,
) -> None:
    rows = [f"u{number}" for number in range(5_000)]
    world.write("users.csv", "id\n" + "\n".join(rows) + "\n")
    job = world.add_job(filename="users.csv")
    turns = iter([False, False, False])
    world.run(is_stopping=lambda: next(turns, True))
    (before,) = world.files()

    change(world, job, names={"id": "user_id"})
    while world.run():
        pass

    events = world.events()
    assert before[3] == "reading"
    assert world.files() == [("users.csv", 5_000, 0, "done")]
    found = [event.get("id") or event["user_id"] for event in events]
    assert sorted(found) == sorted(rows)
    assert sum("id" in event for event in events) == before[1]


def test_the_folder_stays_once_files_of_it_were_read(world: ImportWorld) -> None:
    world.write("users_1.csv", "id\nu1\n")
    job = world.add_job(prefix="users_", continuous_update=True)
    world.run()

    with pytest.raises(BadJobError, match="the folder cannot change"):
        change(world, job, folder="other")


def test_an_import_that_is_over_cannot_change(world: ImportWorld) -> None:
    world.write("users.csv", "id\nu1\n")
    job = world.add_job(filename="users.csv")
    world.run()

    with pytest.raises(BadJobError, match="is completed"):
        change(world, job, diff=False)
