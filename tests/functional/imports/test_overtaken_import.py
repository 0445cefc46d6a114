import io
from collections.abc import Callable

import pytest
from tests.functional.imports.conftest import ACCOUNT, ImportWorld

from coterie.flow.imports.errors import ImportOvertakenError
from coterie.flow.run.imports import ImportOptions, ImportRun, hash_stream
from coterie.model.imports import CsvFormat, ImportTask

DATA = b"id\n" + b"".join(b"%d\n" % number for number in range(100))


def test_of_two_runs_over_one_file_only_one_writes_its_rows(world: ImportWorld) -> None:
    job = world.add_job(filename="users.csv")
    task = ImportTask(
        job_id=job,
        account=ACCOUNT,
        stream="braze_csv",
        format=CsvFormat(),
        name="users.csv",
        size=len(DATA),
        sha256=hash_stream(io.BytesIO(DATA)),
    )

    def run_beside(is_stopping: Callable[[], bool]) -> None:
        run = ImportRun(
            world.store,
            options=ImportOptions(chunk_rows=10),
            clock=lambda: world.now,
            is_stopping=is_stopping,
        )
        run.import_file(task, io.BytesIO(DATA), checkpoint=lambda *_: True)

    asked = 0

    def let_the_other_finish() -> bool:
        # Asked between two chunks, when no transaction is open.
        nonlocal asked
        asked += 1
        if asked == 3:
            run_beside(lambda: False)
        return False

    with pytest.raises(ImportOvertakenError):
        run_beside(let_the_other_finish)

    assert sorted(int(event["id"]) for event in world.events()) == list(range(100))
    assert world.files() == [("users.csv", 100, 0, "done")]
