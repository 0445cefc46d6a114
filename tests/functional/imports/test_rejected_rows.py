from datetime import timedelta

from tests.functional.imports.conftest import ACCOUNT, ImportWorld

from coterie.app.files import FileDesk
from coterie.app.services import Services
from coterie.flow.run.retention import Retention, forget

ROWS = 13_000
BAD = 12_500


def rejected(world: ImportWorld, job: int) -> list[str]:
    services = Services(world.bench.settings, world.bench.clock, world.bench.ring, world.store)
    return "".join(FileDesk(services).rejected_rows(ACCOUNT, job)).splitlines()


def test_every_row_that_was_left_out_can_be_downloaded_until_it_is_old(world: ImportWorld) -> None:
    good = [f"{number},x" for number in range(ROWS - BAD)]
    bad = [f"{number}" for number in range(ROWS - BAD, ROWS)]
    world.write("users.csv", "id,note\n" + "\n".join([*good, *bad]) + "\n")
    job = world.add_job(filename="users.csv")

    world.run()
    lines = rejected(world, job)
    for days in (6, 8):
        kept = Retention(log_days=0, change_days=0, rejected_days=7)
        forget(world.store, kept, now=world.now + timedelta(days=days))
        if days == 6:
            assert len(rejected(world, job)) == 1 + BAD

    assert world.files() == [("users.csv", ROWS, BAD, "done")]
    assert lines[0] == "file,line,column,reason,row"
    assert len(lines) == 1 + BAD
    assert lines[-1].startswith(f"users.csv,{ROWS + 1},note,")
    assert lines[-1].endswith(f",{ROWS - 1}")
    assert rejected(world, job) == lines[:1]
