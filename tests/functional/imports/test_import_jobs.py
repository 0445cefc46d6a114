import os

from tests.functional.imports.conftest import ACCOUNT, ImportWorld

from coterie.app.services import config_source
from coterie.flow.run.lookup import Lookup


def test_every_row_of_a_file_becomes_an_event(world: ImportWorld) -> None:
    world.write("users.csv", "external_id,city\nu1,Oslo\nu2,\n")
    job = world.add_job(filename="users.csv")

    world.run()

    assert world.events() == [{"external_id": "u1", "city": "Oslo"}, {"external_id": "u2"}]
    assert world.files() == [("users.csv", 2, 0, "done")]
    assert world.job(job)["state"] == "completed"
    assert world.job(job)["progress_done"] == world.job(job)["progress_total"] == 2


def test_a_braze_export_is_read_as_it_was_before_braze_guarded_it(world: ImportWorld) -> None:
    world.write("users.csv", "external_id,phone\nu1,'+15045550100\n")
    world.add_job(filename="users.csv", braze_format=True)

    world.run()

    assert world.events() == [{"external_id": "u1", "phone": "+15045550100"}]


def test_bad_rows_are_kept_with_their_line_and_the_rest_is_imported(world: ImportWorld) -> None:
    world.write("users.csv", "external_id,city\nu1,Oslo\nu2\nu3,Rome\n")
    job = world.add_job(filename="users.csv")

    world.run()

    assert [event["external_id"] for event in world.events()] == ["u1", "u3"]
    ((position, reason, body),) = world.rejected()
    assert position == "users.csv, line 3"
    assert "'city'" in reason
    assert body == b"u2\n"
    assert world.files() == [("users.csv", 3, 1, "done")]
    assert world.job(job)["state"] == "completed"


def test_rows_that_were_left_out_do_not_count_as_imported(world: ImportWorld) -> None:
    world.write("users_1.csv", "user_id,city\nu1,Oslo\nu2,Bergen\n")
    job_id = world.add_job(prefix="users_", continuous_update=True, diff=True)
    assert world.run()
    world.later(hours=1)
    world.write("users_2.csv", "user_id,city\nu1,Oslo\nu2,Porto\nu3,too,many\n")
    assert world.run()

    figures = Lookup(world.store, config_source()).job_figures(ACCOUNT, job_id, world.now)

    assert (figures.added, figures.refused) == (3, 1)


def test_files_of_a_prefix_are_taken_in_order_of_their_age(world: ImportWorld) -> None:
    for age, name in [(30, "users-b.csv"), (20, "users-a.csv"), (10, "other.csv")]:
        path = world.write(name, f"id\n{name}\n")
        os.utime(path, (1_700_000_000 - age, 1_700_000_000 - age))
    world.add_job(prefix="users-")

    world.run()

    with world.store.transaction() as conn:
        rows = conn.execute("SELECT name FROM import_file ORDER BY started_at, name").fetchall()
    assert sorted(row[0] for row in rows) == ["users-a.csv", "users-b.csv"]
    assert {event["id"] for event in world.events()} == {"users-a.csv", "users-b.csv"}


def test_a_watched_folder_is_looked_at_again_and_no_file_is_read_twice(
    world: ImportWorld,
) -> None:
    world.write("users-1.csv", "id\n1\n")
    job = world.add_job(prefix="users-", continuous_update=True)
    world.run()
    assert world.job(job)["state"] == "sleeping"
    assert not world.run()

    world.write("users-2.csv", "id\n2\n")
    world.later(minutes=2)
    world.run()

    assert sorted(event["id"] for event in world.events()) == ["1", "2"]
    assert world.job(job)["state"] == "sleeping"
    assert world.job(job)["progress_done"] == 2


def test_a_missing_file_is_waited_for(world: ImportWorld) -> None:
    job = world.add_job(filename="users.csv")
    world.run()
    assert world.job(job)["state"] == "fault"
    assert "no readable file 'users.csv'" in world.job(job)["last_error"]

    world.write("users.csv", "id\n1\n")
    world.later(minutes=1)
    world.run()

    assert world.job(job)["state"] == "completed"
    assert world.events() == [{"id": "1"}]


def test_a_file_without_the_asked_columns_fails_with_its_cure(world: ImportWorld) -> None:
    world.write("users.csv", "id\n1\n")
    job = world.add_job(filename="users.csv", timestamps=["at"])

    world.run()

    assert world.job(job)["state"] == "failed"
    assert "no column 'at'" in world.job(job)["last_error"]
    assert world.files() == [("users.csv", 0, 0, "failed")]
    assert world.events() == []


def test_one_bad_file_does_not_stop_the_others_of_a_watched_folder(world: ImportWorld) -> None:
    world.write("users-1.csv", "id,id\n1,1\n")
    world.write("users-2.csv", "id\n2\n")
    job = world.add_job(prefix="users-", continuous_update=True)

    world.run()

    assert world.events() == [{"id": "2"}]
    assert world.job(job)["state"] == "sleeping"


def test_a_folder_outside_of_the_import_root_is_refused(world: ImportWorld) -> None:
    job = world.add_job(filename="passwd", folder="/etc")

    world.run()

    assert world.job(job)["state"] == "failed"
    assert "only place that import jobs may read" in world.job(job)["last_error"]


def test_the_same_file_again_gives_the_same_message_hashes(world: ImportWorld) -> None:
    world.write("users.csv", "id\n1\n2\n")
    world.add_job(filename="users.csv")
    world.add_job(filename="users.csv")

    world.run()
    world.run()

    with world.store.transaction() as conn:
        counts = conn.execute(
            "SELECT count(*), count(DISTINCT message_hash) FROM event_log"
        ).fetchone()
    assert counts == (4, 2)


def test_a_stopped_import_goes_on_where_it_was(world: ImportWorld) -> None:
    rows = "".join(f"{number}\n" for number in range(5_000))
    world.write("users.csv", "id\n" + rows)
    job = world.add_job(filename="users.csv")
    asked = iter([False, False, False, True, True, True])

    world.run(is_stopping=lambda: next(asked))
    between = len(world.events())
    world.run()

    assert 0 < between < 5_000
    assert sorted(int(event["id"]) for event in world.events()) == list(range(5_000))
    assert world.job(job)["state"] == "completed"
